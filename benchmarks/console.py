"""How fast the console answers: `python benchmarks/console.py [--records N --batches N --quarantined N] [--json]`.

A home with many records, a year of batches and a long quarantine (see `console_filler`), and the console in front of it
as it runs inside Airflow's api-server, without Airflow's own look at who asks. Each page is asked for a few times after
the first; the median counts. `--home DIR --keep` keeps the filled home for the next run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fastapi.testclient import TestClient

from benchmarks.console_filler import END, PLANS, fill_all, make
from pipelines.console.app import application
from pipelines.platform.postgres import EmbeddedPostgres
from pipelines.settings import Settings
from tests.console_world import cookie, identify

LIMIT_MS = 200
TIMES = 9
PAGES = (
    ("/", "steward"),
    ("/", "leader"),
    ("/plans", "engineer"),
    (f"/plans/{PLANS[0]}", "engineer"),
    ("/quality", "steward"),
    (f"/quality/plans/{PLANS[0]}", "steward"),
    (f"/quality/plans/{PLANS[0]}/rules/id_number.checksum", "steward"),
    ("/quality/reports", "steward"),
    ("/quarantine", "steward"),
    (f"/quarantine?plan={PLANS[0]}", "steward"),
    (f"/quarantine?plan={PLANS[0]}&rule=id_number.checksum", "steward"),
    ("/catalogue", "steward"),
    (f"/catalogue/{PLANS[0]}/id_number", "steward"),
    ("/destruction", "leader"),
    ("/evidence", "auditor"),
    (f"/evidence?plan={PLANS[0]}", "auditor"),
    ("/evidence?kind=ingest.rows_quarantined", "auditor"),
)
"""Page and who asks for it; the page of a row is found by the first link to one."""


def main() -> int:
    """Run the benchmark and print its figures."""
    options = arguments()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.home or Path(temporary)).resolve() / "console"
        settings = _settings(folder, options)
        try:
            figures = measure(settings)
        finally:
            postgres = EmbeddedPostgres(settings.resolved_home)
            if options.home and options.keep:
                postgres.stop()
            else:
                postgres.remove()
                shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(figures) if options.json else table(figures))
    return int(any(page["status"] != 200 for page in figures["pages"]))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=5_000_000)
    parser.add_argument("--batches", type=int, default=8_000)
    parser.add_argument("--quarantined", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--home", type=Path, help="a folder for the filled home")
    parser.add_argument("--keep", action="store_true", help="keep the filled home there, or use the one that is there")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _settings(folder: Path, options: argparse.Namespace) -> Settings:
    done = folder / "filled"
    if options.keep and done.exists():
        return Settings(home=folder / "home", policy=folder / "policy", expectations=folder / "expectations")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    settings = make(folder, options.workers)

    def tell(what: str) -> None:
        print(f"filling: {what}", file=sys.stderr)

    fill_all(settings, options.records, options.batches, options.quarantined, tell)
    done.touch()
    return settings


def measure(settings: Settings) -> dict[str, Any]:
    """Ask for every page several times."""
    app = application(settings, identify, clock=lambda: END)
    browser = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
    return {"pages": [_timed(browser, path, role) for path, role in _pages(browser)], "limit_ms": LIMIT_MS}


def _pages(browser: TestClient) -> Iterator[tuple[str, str]]:
    yield from PAGES
    browser.cookies.update(cookie("steward"))
    shown = browser.get("/quarantine").text
    rows = [part.split('"')[0].split("?")[0] for part in shown.split('href="/quarantine/rows/')[1:]]
    if rows:
        yield f"/quarantine/rows/{rows[0]}", "steward"


def _timed(browser: TestClient, path: str, role: str) -> dict[str, Any]:
    browser.cookies.clear()
    browser.cookies.update(cookie(role))
    spans = []
    answer = None
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        answer = browser.get(path)
        spans.append((time.perf_counter() - began) * 1000)
    assert answer is not None
    first, rest = spans[0], spans[1:]
    return {
        "page": path, "role": role, "status": answer.status_code, "kilobytes": round(len(answer.content) / 1024),
        "first_ms": round(first, 1), "median_ms": round(statistics.median(rest), 1), "worst_ms": round(max(rest), 1),
    }  # fmt: skip


def table(figures: dict[str, Any]) -> str:
    """Write the figures for people."""
    lines = [f"{'page':66} {'status':>6} {'KB':>5} {'first':>9} {'median':>9} {'worst':>9}  (ms)"]
    for page in figures["pages"]:
        over = "  OVER" if page["median_ms"] > LIMIT_MS else ""
        lines.append(
            f"{page['page'] + ' (' + page['role'] + ')':66} {page['status']:>6} {page['kilobytes']:>5} "
            f"{page['first_ms']:>9.1f} {page['median_ms']:>9.1f} {page['worst_ms']:>9.1f}{over}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
