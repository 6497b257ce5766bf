"""Write docs/reference/ from the code and the policy: `python docs/generate.py [--check]`.

Settings, errors, commands, DAGs, taxonomy, retention and plans are described where they are defined; these pages only
repeat it. The same checkout gives the same bytes. ``--check`` writes nothing and exits 1 where a page is stale.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer.main
from fastapi.routing import APIRoute

from pipelines import console, errors
from pipelines.cli.main import app
from pipelines.console import pages as console_pages
from pipelines.console.visit import roles_of
from pipelines.policy import Duration, Policy, load_policy
from pipelines.settings import Settings

CHECKOUT = Path(__file__).resolve().parent.parent
REFERENCE = CHECKOUT / "docs" / "reference"
NOTE = "<!-- Written by docs/generate.py (make docs). Change the code, not this page. -->"


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or say which are stale."""
    stale = [name for name, text in pages().items() if _read(REFERENCE / name) != text]
    unknown = sorted({path.name for path in REFERENCE.glob("*.md")} - pages().keys())
    if "--check" in arguments:
        for name in [*stale, *unknown]:
            print(f"docs/reference/{name} is stale; run `make docs` and commit what changed.")
        return 1 if stale or unknown else 0
    REFERENCE.mkdir(exist_ok=True)
    for name in stale:
        (REFERENCE / name).write_text(pages()[name], encoding="utf-8")
    for name in unknown:
        (REFERENCE / name).unlink()
    print(f"{len(stale)} of {len(pages())} pages written")
    return 0


def pages() -> dict[str, str]:
    """Return every page: file name → text."""
    policy = load_policy(CHECKOUT / "policy")
    return {
        "settings.md": _page("Settings", _settings()),
        "errors.md": _page("Errors and exit codes", _errors()),
        "commands.md": _page("Commands", _commands()),
        "console.md": _page("Console", _console()),
        "dags.md": _page("DAGs", _dags()),
        "taxonomy.md": _page("Taxonomy", _taxonomy(policy)),
        "retention.md": _page("Retention", _retention(policy)),
        "plans.md": _page("Collection plans", _plans(policy)),
    }


# --- console -----------------------------------------------------------------------------------------------------


def _console() -> Iterator[str]:
    yield (
        inspect.getdoc(console) or ""
    ) + " Addresses are below `/console`; a `POST` needs a form of the console's own."
    rows = []
    for route in (route for router in console_pages.routers() for route in router.routes):
        if isinstance(route, APIRoute):
            roles = roles_of(route.dependant.dependencies) or frozenset()
            meaning = (inspect.getdoc(route.endpoint) or "").partition("\n")[0]
            rows.append((f"`{route.path}`", ", ".join(sorted(route.methods)), ", ".join(sorted(roles)), meaning))
    yield _table(("address", "method", "roles", "what it does"), sorted(rows))


# --- settings ----------------------------------------------------------------------------------------------------


def _settings() -> Iterator[str]:
    yield (inspect.getdoc(Settings) or "") + " Each is an environment variable; the database addresses are secrets."
    rows = []
    for field, default, meaning in _documented(Settings):
        variable = f"`{Settings.model_config['env_prefix']}{field.upper()}`"
        rows.append((variable, default, meaning))
    yield _table(("variable", "default", "meaning"), rows)


def _documented(model: type) -> Iterator[tuple[str, str, str]]:
    """Yield each attribute with its default, as written, and the string that follows it."""
    body = ast.parse(inspect.getsource(model)).body[0].body  # type: ignore[attr-defined]
    for statement, following in pairwise(body):
        if isinstance(statement, ast.AnnAssign) and statement.value is not None and isinstance(following, ast.Expr):
            default = ast.unparse(statement.value).replace("CHECKOUT / ", "").strip("'")
            meaning = inspect.cleandoc(str(ast.literal_eval(following.value)))
            yield str(ast.unparse(statement.target)), "unset" if default == "None" else f"`{default}`", meaning


# --- errors ------------------------------------------------------------------------------------------------------


def _errors() -> Iterator[str]:
    yield (
        "Every error is one sentence on standard error and one of these exit codes; `--debug` adds places in the code. "
        "0 is success. 2 is a mistake in the command line, 130 an interruption. Where a message is more exact than "
        "the sentence here, it names the file, row number or id, never a value."
    )
    rows = []
    for name, found in vars(errors).items():
        if inspect.isclass(found) and issubclass(found, errors.TutelaError):
            sentence = (inspect.getdoc(found) or "").split("\n")[0]
            rows.append((str(found.exit_code), f"`{name}`", str(found.http_status), sentence))
    yield _table(("exit code", "error", "HTTP status", "sentence"), rows)


# --- commands ----------------------------------------------------------------------------------------------------


def _commands() -> Iterator[str]:
    root: Any = typer.main.get_command(app)
    yield f"{root.help}\n\n`tutela --debug COMMAND …` shows where an error arose. `tutela COMMAND --help` tells the same as this page."
    for path, command in walk(root, "tutela"):
        if not hasattr(command, "commands") and not command.hidden:
            yield f"## `{path}`\n\n`{_usage(path, command)}`"
            yield _first_paragraph(command.help)
            rows = [(f"`{_spelling(each)}`", _default(each), each.help or "") for each in parameters(command)]
            if rows:
                yield _table(("argument or option", "default", "meaning"), rows)


def walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield a command and all below it, in the order in which they were added."""
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, f"{path} {name}")


def parameters(command: Any) -> list[Any]:
    """List what a command takes, without --help."""
    return [each for each in command.params if each.name != "help"]


def _usage(path: str, command: Any) -> str:
    arguments = [each for each in parameters(command) if not each.opts[0].startswith("-")]
    words = [each.name.upper() + ("…" if each.nargs == -1 else "") for each in arguments]
    shown = [word if each.required else f"[{word}]" for word, each in zip(words, arguments, strict=True)]
    required = [f"{each.opts[0]} {each.name.upper()}" for each in parameters(command) if _is_required_option(each)]
    return " ".join([path, *shown, *required])


def _is_required_option(parameter: Any) -> bool:
    return bool(parameter.required) and parameter.opts[0].startswith("-")


def _spelling(parameter: Any) -> str:
    name = parameter.opts[0] if parameter.opts[0].startswith("-") else parameter.name.upper()
    if name.startswith("--") and not getattr(parameter, "is_flag", False):
        name += f" {parameter.name.upper()}"
    return " / ".join([name, *parameter.secondary_opts])


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = getattr(parameter.default, "value", parameter.default)
    return "–" if value in {None, False} else f"`{value}`"


def _first_paragraph(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


# --- DAGs --------------------------------------------------------------------------------------------------------


def _dags() -> Iterator[str]:
    yield "What each DAG's own page in Airflow says, from the docstrings of `dags/`."
    for path in sorted((CHECKOUT / "dags").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        title, _, text = (ast.get_docstring(tree) or "").partition("\n")
        facts = [f"File `dags/{path.name}`"]
        for dag_id, schedule in _declared(tree):
            facts.append(f"DAG `{dag_id}`, schedule {schedule}")
        yield f"#{title}\n\n{' · '.join(facts)}\n{text}"


def _declared(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield id and schedule of each function that is decorated with ``@dag(…)``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        for call in node.decorator_list:
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "dag":
                given = {word.arg: word.value for word in call.keywords}
                yield _dag_id(given.get("dag_id"), node.name), _schedule(given.get("schedule"))


def _dag_id(given: ast.expr | None, function: str) -> str:
    if isinstance(given, ast.Constant):
        return str(given.value)
    if isinstance(given, ast.JoinedStr):
        return "".join(_piece(part) for part in given.values)
    return function


def _piece(part: ast.expr) -> str:
    return f"<{ast.unparse(part.value)}>" if isinstance(part, ast.FormattedValue) else str(ast.literal_eval(part))


def _schedule(given: ast.expr | None) -> str:
    if given is None or (isinstance(given, ast.Constant) and given.value is None):
        return "none (by hand)"
    if isinstance(given, ast.Constant):
        return f"`{ast.literal_eval(given)}`"
    return "the plan's" if ast.unparse(given) == "schedule" else "whenever an asset it waits for is updated"


# --- policy ------------------------------------------------------------------------------------------------------


def _taxonomy(policy: Policy) -> Iterator[str]:
    yield (
        "The kinds of customer information, from `policy/taxonomy.yaml`. Levels: 1 public · 2 internal · 3 ordinary "
        "personal or commercial · 4 sensitive (PIPL art. 28) · 5 special control. *never*: a plan that names it is refused."
    )
    items = policy.taxonomy.items.values()
    for key, category in sorted(policy.taxonomy.categories.items()):
        rows = [
            (f"`{item.code}`", f"`{item.name}`", item.zh, item.en, item.entity or "–", item.mask, item.collect)
            for item in items
            if item.category == key
        ]
        yield f"## {key} {category.zh} {category.en}"
        yield _table(("code", "item", "中文", "English", "entity", "mask", "collect"), rows) if rows else "No item yet."


def _retention(policy: Policy) -> Iterator[str]:
    yield (
        "How long each class is kept, from `policy/retention.yaml`. A leader's standing approval names this schedule by "
        f"its hash, now `{policy.schedule_hash()}`: any change needs a new approval (`tutela approve schedule`)."
    )
    rows = []
    for key, each in policy.retention.items():
        anchor = f"{each.anchor.law} ({each.anchor.version}) {each.anchor.article}"
        law = each.minimum
        least = (
            ""
            if law is None
            else f"{_period(law.duration)}: {law.anchor.law} ({law.anchor.version}) {law.anchor.article}"
        )
        names = (
            f"`{key}`",
            each.zh,
            each.en,
            each.start,
            _period(each.duration),
            each.action,
            anchor,
            each.anchor.kind,
        )
        rows.append((*names, least, _period(each.review), _period(each.withdrawal)))
    yield _table(
        ("class", "中文", "English", "counted from", "kept for", "then", "anchor", "kind", "the law's minimum",
         "looked at every", "due after the end of consent"), rows,
    )  # fmt: skip
    yield (
        "The longest minimum of a law wins, then the shortest period; between them a record is restricted: stored and "
        "secured, and nothing else (PIPL art. 47). What has no end yet has a day on which it is looked at again."
    )


def _period(duration: Duration | None) -> str:
    parts = {} if duration is None else duration.model_dump(exclude_none=True)
    return " ".join(f"{number} {unit}" for unit, number in parts.items())


def _plans(policy: Policy) -> Iterator[str]:
    yield "The collection plans of `policy/plans/`. What is not a field of the plan is dropped unread at the gate."
    for plan in policy.plans.values():
        yield f"## `{plan.name}`: {plan.title.zh} {plan.title.en}"
        yield (
            f"{plan.goal.zh}。 {plan.goal.en}. Channel {plan.channel}; subject {plan.subject}; purposes "
            f"{', '.join(plan.purposes)}; legal basis {plan.legal_basis}; retention `{plan.retention}`; schedule "
            f"`{plan.schedule or 'by hand'}`; owner {plan.owner.department}, steward {plan.owner.steward}; in force "
            f"{plan.valid.since} to {plan.valid.until}."
        )
        rows = []
        for field in plan.fields:
            item = policy.taxonomy[field.item]
            needed = "required" if field.required else "optional"
            rows.append((f"`{field.name}`", f"`{item.code}`", needed, field.identifies, field.necessity))
        yield _table(("field", "code", "presence", "identifies", "why it is needed"), rows)


# --- text --------------------------------------------------------------------------------------------------------


def _page(title: str, parts: Iterable[str]) -> str:
    blocks = [NOTE, f"# {title}", *(part.strip() for part in parts)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|") or "–"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
