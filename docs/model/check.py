"""Check the model of destruction with Spin: every property holds, and every control is found out.

    python docs/model/check.py            everything that the README promises, some two minutes
    python docs/model/check.py --quick    smaller bounds, half a minute; what the tests run
    python docs/model/check.py NAME …     these alone, each with the history that breaks it

Exit status: 0 all as it should be, 1 not so, 77 the checker is not installed (Debian: ``apt-get install spin gcc``).
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

MODEL = Path(__file__).resolve().with_name("destruction.pml")
SKIPPED = 77
TOGETHER = 2
SECONDS = 900
_HISTORY = re.compile(r"^(worker|a |the |it is |BROKEN|<<<<<START OF CYCLE)")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the checker."""

    name: str
    says: str
    bounds: str
    breaks: str = ""
    """The property that must be found broken; empty: none may be."""
    forever: bool = False
    """Looks for a history in which something never happens, and not for a bad moment."""
    deep: bool = False

    @property
    def defines(self) -> list[str]:
        """What the model is compiled with."""
        control = [self.name] if self.breaks else []
        return [f"-D{word}" for word in [*control, *self.bounds.split(), *(["LIVENESS"] if self.forever else [])]]


@dataclass(frozen=True, slots=True)
class Found:
    """What the checker found."""

    run: Run
    broken: str
    """The property that is broken; empty: none; otherwise why nothing is known begins with ``?``."""
    states: int
    seconds: float
    history: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """As it should be."""
        return self.broken.startswith(self.run.breaks) if self.run.breaks else not self.broken


_LOSS = "WORKERS=1 BACKUPS=1 LOSSES=1"
RUNS = (
    Run("two-workers", "two workers, two destructions", ""),
    Run("hold", "two workers, a hold", "JOBS=1 HOLDS=1"),
    Run("loss", "the database and the place of snapshots are lost", f"{_LOSS} FOLDER_LOSSES=1"),
    Run("loss-two-workers", "two workers, and the database is lost", "JOBS=1 BACKUPS=1 LOSSES=1"),
    Run("ends", "L1 with two workers", "JOBS=1", forever=True),
    Run("hold-two-jobs", "two workers, two destructions, a hold", "HOLDS=1", deep=True),
    Run("everything", "all that can happen, one worker", f"{_LOSS} HOLDS=1 ARRIVALS=1", deep=True),
    Run("two-losses", "the database is lost twice", "WORKERS=1 BACKUPS=1 LOSSES=2 ROOTS=6", deep=True),
    Run("loss-two-jobs", "two workers, two destructions, a loss", "LOSSES=1 MANIFESTS=3", deep=True),
    Run("ends-two-jobs", "L1 with two workers and two destructions", "MANIFESTS=3", forever=True, deep=True),
    Run("ends-after-loss", "L1 with a hold and a loss", f"{_LOSS} HOLDS=1 ROOTS=6", forever=True, deep=True),
    Run("NEVER_DONE", "the model gets to its end", "WORKERS=1", "both are never"),
    Run("ROOT_DESTROYED_FIRST", "the old root goes before the snapshot is there", "WORKERS=1", "S1"),
    Run("SNAPSHOTS_REMOVED_FIRST", "old snapshots go before the new one is there", "WORKERS=1", "S1"),
    Run("ROOT_CREATED_AFTERWARDS", "the new root is not durable when it is put in force", "WORKERS=1", "S1"),
    Run("ALL_OTHER_SNAPSHOTS_REMOVED", "also the newer ones", "", "S1"),
    Run("JOB_NOT_LOOKED_AT_AGAIN", "a worker goes by what it read before the lock", "", "S1"),
    Run("ONLY_THE_NOTED_ROOT_DESTROYED", "roots that a restored database does not know stay", _LOSS, "S2"),
    Run("KMS_NOT_ASKED", "nobody asks the KMS whether the old root is gone", "WORKERS=1", "S2"),
    Run("JOURNAL_NOT_REPLAYED", "a restore knows only the backup", _LOSS, "S2"),
    Run("ROWS_OF_HALF_DONE_KEPT", "a restored destruction believes its rows removed", _LOSS, "S2"),
    Run(
        "NAMED_ROOT_KEPT",
        "a restored destruction keeps the root that it had named",
        f"{_LOSS} HOLDS=1",
        "S2",
        deep=True,
    ),
    Run("NOT_VERIFIED", "confirmed without anybody having looked", "WORKERS=1", "S3"),
    Run("MANIFEST_NOT_COMPARED", "an approval of something else counts", "WORKERS=1", "S3"),
    Run(
        "HOLDS_NOT_LOOKED_AT", "holds are looked at when it is applied for, and never again", "WORKERS=1 HOLDS=1", "S4"
    ),
    Run("LOST_HOLDS_FORGOTTEN", "a restored database is trusted to know all holds", f"{_LOSS} HOLDS=1", "S4"),
    Run("OTHER_JOBS_NOT_LOOKED_AT", "no index over the destructions under way", "", "S5"),
    Run("NOT_RESUMED", "a purge does not take up what was interrupted", "WORKERS=1", "L1", forever=True),
)


def missing() -> str:
    """Say which program is missing; empty: none."""
    return ", ".join(name for name in ("spin", "gcc") if not shutil.which(name))


def check(run: Run) -> Found:
    """Run the checker once.

    Raises:
        RuntimeError: the model can't be compiled.
    """
    with tempfile.TemporaryDirectory(prefix="tutela-model-") as folder:
        # A control is to be understood: breadth first finds the shortest history.
        search = ["-DNFAIR=3"] if run.forever else ["-DSAFETY", "-DBFS" if run.breaks else "-DCOLLAPSE"]
        _must(["spin", *run.defines, "-a", str(MODEL)], folder)
        # Compiling well takes longer than small searches do.
        _must(["gcc", "-O2" if run.deep else "-O0", "-w", "-DMEMLIM=6000", *search, "-o", "pan", "pan.c"], folder)
        how = ["-a", "-f", "-N", "L1"] if run.forever else ["-E"]
        said = _run([f"{folder}/pan", "-m1000000", *how], folder)
        errors, states = (re.search(pattern, said) for pattern in (r"errors: (\d+)", r"(\d+) states, stored"))
        took = re.search(r"elapsed time ([\d.]+)", said)
        trail = Path(folder, "destruction.pml.trail")
        history = _history(run, folder) if trail.exists() else ()
        broken = _broken(run, history) if trail.exists() else ""
        if not errors or "depth too small" in said or "memory limit" in said or (int(errors[1]) and not broken):
            broken = f"? the search did not end: {said[-200:]}"
        return Found(run, broken, int(states[1]) if states else 0, float(took[1]) if took else 0.0, history)


def _history(run: Run, folder: str) -> tuple[str, ...]:
    told = _run(["spin", *run.defines, "-k", "destruction.pml.trail", str(MODEL)], folder)
    return tuple(line.strip() for line in told.splitlines() if _HISTORY.match(line.strip()))


def _broken(run: Run, history: tuple[str, ...]) -> str:
    if run.forever:
        return "L1 every approved destruction ends"
    return next((line.removeprefix("BROKEN: ") for line in history if line.startswith("BROKEN")), "")


def _must(command: list[str], folder: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS)
    if done.returncode:
        raise RuntimeError(f"{command[0]} refuses the model: {(done.stdout + done.stderr)[:500]}")


def _run(command: list[str], folder: str) -> str:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS).stdout


def main(arguments: list[str]) -> int:
    """Check, print, and tell by the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *(run.name for run in RUNS)])
    parser.add_argument("--quick", action="store_true", help="smaller bounds")
    wanted = parser.parse_args(arguments)
    if absent := missing():
        print(f"The model was not checked: {absent} is not installed (Debian: apt-get install spin gcc).")
        return SKIPPED
    runs = [run for run in RUNS if run.name in wanted.names] or [run for run in RUNS if not (wanted.quick and run.deep)]
    with ThreadPoolExecutor(TOGETHER) as pool:
        good = [_tell(found, bool(wanted.names)) for found in pool.map(check, runs)]
    print(f"{sum(good)} of {len(good)} runs are as they should be")
    return 0 if all(good) else 1


def _tell(found: Found, with_history: bool) -> bool:
    outcome = f"broken, as it must be: {found.broken}" if found.run.breaks else "holds"
    mark = outcome if found.good else f"WRONG: {found.broken or 'nothing is broken'}"
    print(
        f"{found.run.name:31}{found.states:>10,} states {found.seconds:>6.1f} s  {found.run.says}: {mark}", flush=True
    )
    if with_history or not found.good:
        print(*(f"    {line}" for line in found.history), sep="\n")
    return found.good


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
