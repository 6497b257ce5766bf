"""`make demo`: the whole way of the data on this machine, through real Airflow."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from pipelines.settings import CHECKOUT, Settings

if TYPE_CHECKING:
    from pipelines.platform.airflow import AirflowPlatform
    from pipelines.platform.rest import AirflowClient

PLANS = {"counter_customers": "counter_*", "partner_enterprises": "partner", "web_registrations": "web_*"}
RUN_SECONDS = 300
EXAMPLE_SEED = 2026


def demo(
    *,
    exit_at_end: Annotated[
        bool, typer.Option("--exit", help="Stop everything at the end instead of staying up.")
    ] = False,
) -> None:
    """Ingest the example plans through Airflow, show the quality report, purge, verify the certificate offline."""
    started = time.monotonic()
    console = Console()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:6.1f} s[/dim]  {text}", soft_wrap=True)

    from pipelines.cli.up import down, platform_of

    settings = Settings()
    platform = platform_of(settings)
    try:
        say("starting PostgreSQL and Airflow")
        _start(platform, settings, say)
        say("writing example deliveries into the landing folder")
        _land(settings)
        with platform.client() as client:
            _collect(client, settings, console, say)
            _purge(client, settings, console, say)
    except BaseException:
        if exit_at_end:
            down()
        raise
    say("done")
    if exit_at_end:
        down()
    else:
        _addresses(platform, settings, console)


def _start(platform: AirflowPlatform, settings: Settings, say: Any) -> None:
    from datetime import UTC, datetime

    from pipelines import jobs

    jobs.init(settings, datetime.now(UTC))
    platform.up(say)


def _land(settings: Settings) -> None:
    made = settings.resolved_home / "examples"
    shutil.rmtree(made, ignore_errors=True)
    # Another delivery each time, so that a second demo has something to bring in.
    seed = str(EXAMPLE_SEED + int(time.time()) % 1_000_000)
    command = [sys.executable, "-m", "examples.generate", str(made), "--seed", seed]
    subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL)
    for plan, pattern in PLANS.items():
        landing = settings.resolved_home / "landing" / plan
        landing.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in made.glob(pattern):
            target = landing / f"{path.stem}-{seed}{path.suffix}"
            shutil.move(path, target)
    shutil.rmtree(made)


def _collect(client: AirflowClient, settings: Settings, console: Console, say: Any) -> None:
    from pipelines.cli.ingest import table
    from pipelines.jobs import reports
    from pipelines.records import Outcome

    runs = {plan: client.trigger(f"collect__{plan}") for plan in PLANS}
    outcomes = []
    for plan, run in runs.items():
        _wait(client, f"collect__{plan}", run)
        say(f"collect__{plan}: success")
        outcomes.append(Outcome(**client.xcom(f"collect__{plan}", run, "report")))
    console.print(table(outcomes, ""))
    for plan, card in reports.quality(settings).items():
        overall = card["overall"]
        console.print(
            f"  quality of {plan}: {overall['pass_rate']:.2%} of {overall['evaluated']:,} judgements passed; worst: {', '.join(card['worst'][:3])}"
        )
    console.print(f"  Data Docs (no value in them): {reports.build_docs(settings)}", soft_wrap=True)


def _purge(client: AirflowClient, settings: Settings, console: Console, say: Any) -> None:
    run = client.trigger("destroy_expired")
    _wait(client, "destroy_expired", run)
    say("destroy_expired: success")
    purged = client.xcom("destroy_expired", run, "destroy")
    console.print(
        f"  past retention: {purged['due']:,}; destroyed: {purged['destroyed']:,}; verdict: {purged['verdict']}"
    )
    if purged["certificate"] is None:
        return
    key = settings.resolved_home / "keys" / "ledger.pub"
    console.print(f"  certificate: {purged['certificate']}", soft_wrap=True)
    command = [sys.executable, "-m", "pipelines.evidence", purged["certificate"], "--public-key", str(key)]
    checked = subprocess.run(command, cwd=CHECKOUT, check=False, capture_output=True, text=True)
    console.print("  verified offline, without database or settings:")
    console.print("".join(f"    {line}\n" for line in checked.stdout.splitlines()), end="", soft_wrap=True)
    if checked.returncode:
        raise typer.Exit(checked.returncode)


def _wait(client: AirflowClient, dag: str, run: str) -> None:
    from pipelines.errors import PlatformError

    state = client.wait(dag, run, RUN_SECONDS)
    if state != "success":
        failed = [task.task_id for task in client.task_instances(dag, run) if task.state == "failed"]
        raise PlatformError(
            f"The run of {dag} ended as {state} (failed: {', '.join(failed) or 'none'}); its task logs say why."
        )


def _addresses(platform: AirflowPlatform, settings: Settings, console: Console) -> None:
    home: Path = settings.resolved_home
    console.print(
        f"\nAirflow   {platform.base_url}   user admin, password in {platform.password_path()}", soft_wrap=True
    )
    steward = platform.password_path("steward")
    console.print(f"Console   {platform.console_url}   user steward, password in {steward}", soft_wrap=True)
    console.print(f"Data Docs file://{home}/data_docs/index.html", soft_wrap=True)
    console.print("It stays up; `tutela status` shows it, `tutela down` stops it.")
