"""The command `tutela`: one file a command, put together here; errors become one sentence and an exit code here alone.

Heavy libraries are imported by the commands that need them: `tutela --help` answers at once.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated, Any

import typer

from pipelines.errors import without_values

# One thread a process for linear algebra: the platform itself runs one process a core.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # noqa: TID251 - told to libraries, not read

from pipelines.cli import (  # noqa: E402
    approve,
    backup,
    catalog,
    consent,
    demo,
    derivative,
    destruction,
    erase,
    evidence,
    hold,
    ingest,
    notice,
    plan,
    purge,
    quarantine,
    reclassify,
    report,
    request,
    retention,
    scan,
    setup,
    up,
    work_order,
)

app = typer.Typer(
    name="tutela",
    help="Govern customer information: collect under a plan and with consent, check, classify, seal, destroy with evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(setup.init)
app.command("up")(up.up)
app.command("status")(up.status)
app.command("down")(up.down)
app.add_typer(plan.app, name="plan")
app.command("ingest")(ingest.ingest)
app.command("scan")(scan.scan)
app.add_typer(catalog.app, name="catalog")
app.add_typer(report.app, name="report")
app.add_typer(quarantine.app, name="quarantine")
app.command("reclassify")(reclassify.reclassify)
app.add_typer(consent.app, name="consent")
app.add_typer(approve.app, name="approve")
app.command("purge")(purge.purge)
app.command("erase")(erase.erase)
app.add_typer(request.app, name="request")
app.add_typer(destruction.app, name="destruction")
app.add_typer(hold.app, name="hold")
app.add_typer(retention.app, name="retention")
app.add_typer(derivative.app, name="derivative")
app.add_typer(notice.app, name="notice")
app.add_typer(work_order.app, name="work-order")
app.add_typer(evidence.app, name="evidence")
app.add_typer(backup.app, name="backup")
app.command("demo", hidden=True)(demo.demo)


@app.callback()
def tutela(
    *,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where an error arose (places in the code, no values).")
    ] = False,
) -> None:
    """Govern customer information over its whole life."""
    _DEBUG.append(debug)


_DEBUG: list[bool] = []
WrongCall: type[Exception] = typer.BadParameter.__bases__[0]
"""What Typer raises where a command is called wrongly: click's own class, or that of the copy Typer carries."""
WRONG_CALL = 2


def main() -> None:
    """Run a command; print an error as one sentence and exit with its family's code."""
    try:
        code = app(standalone_mode=False, prog_name="tutela")
    except WrongCall as exc:
        _correct(exc)
        sys.exit(WRONG_CALL)
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("Stopped; the same command goes on where it was.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as exc:  # noqa: BLE001 - whatever it is, its text may hold a value
        _explain(exc)
        sys.exit(without_values(exc).exit_code)
    sys.exit(code or 0)


def _correct(exc: Any) -> None:
    """Say what is wrong with a call; a command without arguments has printed its help already."""
    said = exc.format_message().strip().rstrip(".")
    called = exc.ctx.command_path if exc.ctx is not None else "tutela"
    if said:
        typer.secho(f"{said}; `{called} --help` tells how it is called.", err=True, fg="red")


def _explain(exc: Exception) -> None:
    told = without_values(exc)
    # An error of our own says what to do; one that nobody foresaw can only say where it arose.
    hint = "" if told is exc or any(_DEBUG) else " --debug shows where."
    typer.secho(f"{told}{hint}", err=True, fg="red")
    if any(_DEBUG):
        for frame in traceback.extract_tb(exc.__traceback__):
            typer.echo(f"  {frame.filename}:{frame.lineno} {frame.name}", err=True)


if __name__ == "__main__":
    main()
