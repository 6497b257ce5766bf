"""Read the policy folder. The only module of the package that touches files.

``load_policy`` is for programs: everything or an error. ``check_plan`` is for people: every problem, none raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pipelines.errors import PolicyError
from pipelines.policy.book import Policy
from pipelines.policy.derivatives import DerivativeKinds
from pipelines.policy.documents import Document, parse
from pipelines.policy.notices import Notice
from pipelines.policy.partners import Partner
from pipelines.policy.plans import Plan
from pipelines.policy.problems import Problem, suggestion
from pipelines.policy.purposes import Purpose
from pipelines.policy.retention import RetentionSchedule
from pipelines.policy.rules import plan_problems
from pipelines.policy.taxonomy import Taxonomy
from pipelines.policy.validation import validate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic import BaseModel

Entry = TypeVar("Entry", Purpose, Notice, Partner)
Whole = TypeVar("Whole", bound="BaseModel")


def load_policy(folder: Path) -> Policy:
    """Load and check everything in the policy folder.

    Raises:
        PolicyError: a file is missing or holds a mistake; the message lists file, line and what to do.
    """
    words = load_words(folder)
    plans: dict[str, Plan] = {}
    problems: list[Problem] = []
    for path in sorted((folder / "plans").glob("*.yaml")):
        plan, found = read_plan(path, words)
        problems += found
        if plan is not None:
            plans[plan.name] = plan
    _raise_if_any(problems)
    return words.model_copy(update={"plans": plans})


def load_words(folder: Path) -> Policy:
    """Load the policy without its plans: the words that plans use.

    Raises:
        PolicyError: as for `load_policy`.
    """
    problems: list[Problem] = []
    taxonomy = _whole(Taxonomy, folder / "taxonomy.yaml", problems)
    schedule = _whole(RetentionSchedule, folder / "retention.yaml", problems)
    copies = _whole(DerivativeKinds, folder / "derivatives.yaml", problems)
    purposes = _entries(Purpose, folder / "purposes.yaml", "purposes", problems)
    notices = _entries(Notice, folder / "notices.yaml", "notices", problems, purposes)
    partners = _entries(Partner, folder / "partners.yaml", "partners", problems)
    _raise_if_any(problems)
    if taxonomy is None or schedule is None or copies is None:  # then there were problems
        raise PolicyError
    return Policy(
        taxonomy=taxonomy, purposes=purposes, schedule=schedule, notices=notices, partners=partners, copies=copies
    )


def check_plan(path: Path, policy_folder: Path) -> list[Problem]:
    """Return all that is wrong with one plan, sorted by line; an empty list means that it may be used.

    Raises:
        PolicyError: the rest of the policy, which the plan refers to, holds a mistake.
    """
    return read_plan(path, load_words(policy_folder))[1]


def read_plan(path: Path, words: Policy) -> tuple[Plan | None, list[Problem]]:
    """Read one plan against the policy's words; return it, or every problem."""
    document = _read(path)
    if document.problems:
        return None, list(document.problems)
    plan, problems = validate(Plan, document)
    problems += plan_problems(document, words)
    if plan is not None and plan.name != path.stem:
        problems.append(document.problem(("plan",), f"the plan `{plan.name}` is in `{path.name}`", "name both alike"))
    return (None if problems else plan), sorted(problems)


def _read(path: Path) -> Document:
    try:
        return parse(path.read_text(encoding="utf-8-sig"), path.name)
    except UnicodeDecodeError:
        return _unreadable(path, "the file is not UTF-8", "save it as UTF-8")
    except FileNotFoundError:
        return _unreadable(path, "there is no such file", "check the name; `tutela plan new` writes a skeleton")
    except OSError:
        return _unreadable(path, "the file can't be read", "check that it is a file and that you may read it")


def _unreadable(path: Path, message: str, hint: str) -> Document:
    return Document(path.name, problems=(Problem(path.name, 1, message, hint),))


def _whole(model: type[Whole], path: Path, problems: list[Problem]) -> Whole | None:
    document = _read(path)
    problems += document.problems
    if document.problems:
        return None
    value, found = validate(model, document)
    problems += found
    return value


def _entries(
    model: type[Entry], path: Path, key: str, problems: list[Problem], purposes: Mapping[str, Purpose] | None = None
) -> dict[str, Entry]:
    document = _read(path)
    problems += document.problems
    listed = document.data.get(key) if isinstance(document.data, dict) else None
    if document.problems or not isinstance(listed, dict):
        if not document.problems:
            problems.append(document.problem((), f"the key `{key}` is missing", f"begin the file with `{key}:`"))
        return {}
    entries: dict[str, Entry] = {}
    for name in listed:
        entry, found = validate(model, document, (key, name), key=name)
        problems += found
        if entry is not None:
            entries[name] = entry
            problems += _unknown_purposes(document, (key, name), entry, purposes)
    return entries


def _unknown_purposes(
    document: Document, path: tuple[str, ...], entry: object, purposes: Mapping[str, Purpose] | None
) -> list[Problem]:
    if purposes is None or not isinstance(entry, Notice):
        return []
    return [
        document.problem((*path, "purposes", place), f"there is no purpose `{name}`", suggestion(name, purposes))
        for place, name in enumerate(entry.purposes)
        if name not in purposes
    ]


def _raise_if_any(problems: list[Problem]) -> None:
    if not problems:
        return
    shown = f"a mistake: {problems[0]}" if len(problems) == 1 else f"{len(problems)} mistakes, first {problems[0]}"
    msg = f"The policy holds {shown.removesuffix('.')} (`tutela plan check` lists all that is wrong)."
    raise PolicyError(msg)
