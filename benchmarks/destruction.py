"""What destruction costs: `python benchmarks/destruction.py [--due N --total N --erase N --plans N] [--json]`.

A vault with records that are due and many more that are not (see `vault_filler`), in an own home with an own PostgreSQL:
the nightly purge of what is due, verified and certified; erasure on request of subjects with records in every plan,
from the asking to the certificate; the same purge beside fewer survivors; evidence appended and verified; and, in a
smaller vault, a scan of every file for planted values, also after a backup from before was restored (`byte_scan`).

`--home DIR --keep` keeps the filled vaults for the next run, which starts from copies of them. Seconds are wall clock;
beside them stands the processor time of this process and of the server, which a busy machine changes less.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import byte_scan
from benchmarks.evidence_figures import APPENDED, VERIFIED, bench_append, bench_verify
from benchmarks.pipeline import Peak
from benchmarks.vault_filler import AS_OF, AT, Layout
from benchmarks.vault_homes import VaultHomes
from examples.leader import LEADER_KEY
from pipelines.evidence.verify import verify_file
from pipelines.jobs import approvals, destruction, erasure
from pipelines.jobs.home import open_home
from pipelines.settings import Settings

APPLICANT, LEADER = "benchmark", "leader"


def main() -> int:
    """Run the benchmark and print its figures."""
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        homes = VaultHomes((options.home or Path(folder) / "vaults").resolve(), options.workers)
        try:
            figures = measure(homes, options, Path(folder))
        finally:
            if options.home and options.keep:
                homes.server.stop()
            else:
                homes.remove()
    print(json.dumps(figures) if options.json else table(figures))
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--due", type=int, default=1_000_000, help="subjects with one record each that is due")
    parser.add_argument("--total", type=int, default=5_000_000, help="records in the vault, those included")
    parser.add_argument(
        "--compare", type=int, help="records in a second vault with as many due; default: twice as many, 0: none"
    )
    parser.add_argument("--erase", type=int, default=100_000, help="subjects erased on request")
    parser.add_argument("--plans", type=int, default=10, help="plans in which each of them has a record")
    parser.add_argument("--append", type=int, default=APPENDED, help="entries appended to the ledger")
    parser.add_argument("--entries", type=int, default=VERIFIED, help="entries of the bundle that is verified")
    parser.add_argument("--scan", type=int, default=100_000, help="records of the vault that is scanned; 0: none")
    parser.add_argument("--workers", type=int, default=Settings().workers, help="processes that fill the vaults")
    parser.add_argument("--home", type=Path, help="where to put the vaults; default: a temporary folder")
    parser.add_argument("--keep", action="store_true", help="leave the filled vaults in --home for the next run")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if options.compare is None:
        options.compare = min(2 * options.due, options.total)
    return options


def measure(homes: VaultHomes, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Fill the vaults and return all figures."""
    layout = Layout(options.due, options.total, options.plans)
    if options.erase > layout.survivors:
        raise SystemExit(f"--erase {options.erase}: only {layout.survivors} subjects have nothing due; raise --total")
    filled = time.perf_counter()
    homes.template(layout, _progress(layout, quiet=options.json))
    filled = time.perf_counter() - filled
    with homes.copy(layout) as settings:
        purged = purge(homes, settings, layout)
        erased = erase(homes, settings, options.erase, options.plans, folder)
        evidence = {**bench_append(settings, options.append), **bench_verify(folder, options.entries)}
    return {
        "purge_due": layout.due, "purge_total": layout.records, "purge_seconds": round(purged.seconds, 2),
        "erase_subjects": options.erase, "erase_records": options.erase * options.plans,
        "erase_seconds": round(erased.seconds, 2), **evidence, "fill_seconds": round(filled, 1),
        "steps": {"purge": purged.steps, "erase": erased.steps}, "cpu_seconds": {"purge": purged.cpu, "erase": erased.cpu},
        "peak_mb": round(max(purged.peak_mb, erased.peak_mb), 1),
        **(beside_fewer(homes, options, layout, purged) if 0 < options.compare < options.total else {"ratios": {}}),
        **(byte_figures(homes, options, folder) if options.scan else {}),
    }  # fmt: skip


def beside_fewer(homes: VaultHomes, options: argparse.Namespace, layout: Layout, purged: Run) -> dict[str, Any]:
    """Do the same purge beside fewer survivors: by how much is it quicker."""
    smaller = Layout(options.due, options.compare, options.plans)
    homes.template(smaller, _progress(smaller, quiet=options.json))
    with homes.copy(smaller) as settings:
        compared = purge(homes, settings, smaller)
    name = f"purge_beside_{layout.records - layout.due}_to_{smaller.records - smaller.due}_survivors"
    spent = sum(purged.cpu.values()) / sum(compared.cpu.values())
    return {
        "compared_total": smaller.records,
        "compared_seconds": round(compared.seconds, 2),
        "ratios": {name: round(purged.seconds / compared.seconds, 2), "the_same_in_processor_time": round(spent, 2)},
    }


def byte_figures(homes: VaultHomes, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Back a smaller vault up, destroy in it, and look for values in all files, also after the backup came back."""
    layout = Layout(options.scan // 5, options.scan, options.plans)
    erased = min(options.erase, layout.survivors // 4)
    homes.template(layout, _progress(layout, quiet=options.json))
    with homes.copy(layout) as settings:
        seconds = byte_scan.back_up(settings)
        purge(homes, settings, layout)
        erase(homes, settings, erased, options.plans, folder)
        left = layout.records - layout.due - erased * options.plans
        return {"backup_seconds": round(seconds, 1), **byte_scan.scan(homes, settings, layout, left)}


@dataclass
class Run:
    """What one measured destruction took."""

    seconds: float = 0.0
    peak_mb: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.perf_counter, repr=False)

    def step(self, name: str) -> None:
        """Be told that a step was passed."""
        now = time.perf_counter()
        self.steps[name] = round(self.steps.get(name, 0.0) + now - self._last, 3)
        self._last = now


@contextmanager
def measured(homes: VaultHomes) -> Iterator[Run]:
    """Measure what happens inside."""
    peak, server, own = Peak(), _server_cpu(homes), time.process_time()
    run, started = Run(), time.perf_counter()
    try:
        yield run
    finally:
        run.seconds = time.perf_counter() - started
        run.cpu = {"python": round(time.process_time() - own, 2), "postgresql": round(_server_cpu(homes) - server, 2)}
        peak.stop()
        run.peak_mb = peak.megabytes


def purge(homes: VaultHomes, settings: Settings, layout: Layout) -> Run:
    """Measure the nightly purge, and look whether it did what it says."""
    with measured(homes) as run:
        done = destruction.purge(settings, AS_OF, lambda: AT, step=run.step)
        run.step("files written")
    _require(settings, done, layout.due)
    _require_left(homes, settings, layout.records - layout.due)
    return run


def erase(homes: VaultHomes, settings: Settings, subjects: int, plans: int, folder: Path) -> Run:
    """Measure erasure on request: asked for, approved by a leader, done."""
    with homes.connect(settings.home.name) as connection:
        left = connection.execute("SELECT count(*) FROM vault.record").fetchall()[0][0]
        # Scattered over the vault, as people who ask are.
        chosen = "SELECT code FROM vault.subject ORDER BY hashint8(subject_id) LIMIT %s"
        codes = [code for (code,) in connection.execute(chosen, [subjects])]
    key = folder / "leader.pem"
    key.write_bytes(LEADER_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with measured(homes) as run:
        asked = erasure.erase(settings, codes, "benchmark", APPLICANT, lambda: AT)
        run.step("asked")
        if asked.destruction is None:
            raise SystemExit("nothing could be applied for")
        approvals.decide_signed(settings, asked.destruction, LEADER, key, AT, approve=True)
        run.step("decided")
        done = destruction.destroy_one(settings, asked.destruction, lambda: AT, run.step)
        run.step("files written")
    _require(settings, done, subjects * plans)
    _require_left(homes, settings, left - subjects * plans)
    return run


def _require(settings: Settings, done: destruction.Purge, records: int) -> None:
    """Accept no figure of a destruction that was not done, or whose certificate does not verify offline."""
    if done.verdict != "PASS" or done.destroyed != records or done.certificate is None:
        raise SystemExit(f"{done.destroyed} of {records} records were destroyed, verdict {done.verdict}")
    home = open_home(settings)
    home.database.close()
    report = verify_file(Path(done.certificate), home.public_key)
    if not report.valid:
        raise SystemExit(f"the certificate does not verify: {report.finding}")


def _require_left(homes: VaultHomes, settings: Settings, records: int) -> None:
    with homes.connect(settings.home.name) as connection:
        left = connection.execute("SELECT count(*) FROM vault.record").fetchall()[0][0]
    if left != records:
        raise SystemExit(f"{left} records are left, not {records}")


def _server_cpu(homes: VaultHomes) -> float:
    """Add up the processor time of the server's processes, those included that have ended."""
    server = psutil.Process(homes.server.pid)
    ended = server.cpu_times()
    spent = float(ended.user + ended.system + ended.children_user + ended.children_system)
    for child in server.children():
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system
    return spent


def _progress(layout: Layout, *, quiet: bool) -> Callable[[int], None]:
    done = 0

    def tick(rows: int) -> None:
        nonlocal done
        done += rows
        if not quiet:
            end = "\n" if done >= layout.records else ""
            print(f"\rfilling {layout.name}: {done:>12,} of {layout.records:,}", end=end, file=sys.stderr, flush=True)

    return tick


def table(figures: dict[str, Any]) -> str:
    """Lay the figures out for people."""
    lines = [
        f"purge   {figures['purge_due']:>10,} due of {figures['purge_total']:,} records: {figures['purge_seconds']:.1f} s",
        *_steps(figures, "purge"),
        f"erase   {figures['erase_subjects']:>10,} subjects, {figures['erase_records']:,} records: {figures['erase_seconds']:.1f} s",
        *_steps(figures, "erase"),
        f"append  {figures['append_per_second']:>10,} entries/s",
        f"verify  {figures['verify_entries']:>10,} entries offline: {figures['verify_seconds']:.1f} s",
        *_scanned(figures),
        f"peak    {figures['peak_mb']:>10,.0f} MB",
        *(f"ratio   {ratio:>10} {name.replace('_', ' ')}" for name, ratio in figures["ratios"].items()),
    ]
    return "\n".join(lines)


def _scanned(figures: dict[str, Any]) -> Iterator[str]:
    if "scan_hits" in figures:
        size, places = figures["scan_bytes"] / 1e6, "home and server, before and after an old backup came back"
        yield f"scan    {figures['scan_hits']:>10,} hits of {figures['scan_patterns']:,} patterns in {size:,.0f} MB: {places}"


def _steps(figures: dict[str, Any], what: str) -> Iterator[str]:
    for name, seconds in figures["steps"][what].items():
        yield f"  {name.replace('_', ' '):<24}{seconds:>9.2f} s"
    spent = figures["cpu_seconds"][what]
    yield f"  {'processor time':<24}{spent['python']:>9.2f} s here, {spent['postgresql']:.2f} s in PostgreSQL"


if __name__ == "__main__":
    sys.exit(main())
