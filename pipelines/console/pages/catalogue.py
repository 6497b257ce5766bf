"""The catalogue: what each plan's columns hold, where that is not what was declared, and the stewards' word on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from pipelines.console.visit import Visit, act, allow
from pipelines.console.words import N_
from pipelines.jobs import catalogue
from pipelines.jobs.evidence import names

router = APIRouter()
READERS = ("steward", "leader", "auditor", "privacy_officer", "engineer", "Admin")
KINDS = {
    "over_collection": N_("Holds more than was declared"),
    "mis_declaration": N_("Holds something else than was declared"),
    "identifier_in_free_text": N_("Identifiers in notes"),
    "level_raised": N_("Sealed under too low a level"),
}
Reader = Annotated[Visit, allow(*READERS)]


@router.get("/catalogue")
def columns(visit: Reader, plan: str | None = None, show: str | None = None) -> Response:
    """Show the columns of all plans, or of one; or only those with something to look at."""
    found = catalogue.columns(visit.home, plan)
    everything = found if plan is None else catalogue.columns(visit.home)
    read, findings = catalogue.readings(visit.home), catalogue.findings(visit.home, plan)
    shown = [each for each in found if each["open"]] if show == "open" else found
    plans = sorted({each["plan"] for each in everything})
    return visit.page(
        "catalogue/columns.html",
        columns=shown, plans=plans, plan=plan, show=show, named=_Named(visit),
        open=sum(each["open"] for each in found), open_here=sum(bool(each["open"]) for each in found),
        worst=next((each for each in findings if each["standing"] == "open"), None), kinds=KINDS,
        read_otherwise={name: count for name, count in read["read_otherwise"].items() if plan in {None, name}},
    )  # fmt: skip


@router.get("/catalogue/{plan}/{field}")
def column(visit: Reader, plan: str, field: str) -> Response:
    """Show one column: what it holds, its changes, its findings, and what stewards said."""
    told = catalogue.column(visit.home, plan, field)
    return visit.page(
        "catalogue/column.html", column=told, named=_Named(visit), kinds=KINDS,
        entities=catalogue.entities(visit.home) if visit.may("steward") else {},
        open=sum(each["standing"] == "open" for each in told["findings"]), worst=next(iter(told["findings"]), None),
    )  # fmt: skip


@router.post("/catalogue/{plan}/{field}")
def correct(
    visit: Annotated[Visit, act("steward")],
    plan: str,
    field: str,
    word: Annotated[str, Form()],
    reason: Annotated[str, Form()],
    entity: Annotated[str, Form()] = "",
) -> Response:
    """Record a steward's word: what the catalogue shows is right, or what the column holds instead."""
    says = None if word == "accept" else entity
    said = catalogue.correct(visit.home, plan, field, says, reason, visit.user.name, visit.at)
    told = visit.text("Your word is on record; {closed} findings are closed.", closed=said["closed"])
    return visit.back(f"/catalogue/{plan}/{field}", told)


class _Named:
    """What plans, fields, kinds of information and categories are called in the visitor's language."""

    def __init__(self, visit: Visit) -> None:
        policy = visit.home.policy
        self._names: Mapping[str, str] = names(policy)["zh-CN" if visit.language == "zh" else "en"]
        self._policy = policy
        self._kinds: dict[str, str] = {}
        for name, item in policy.taxonomy.items.items():
            title = visit.words.two(item.zh, item.en)
            self._kinds[name.upper()] = title
            if item.entity:
                self._kinds.setdefault(item.entity, title)

    def of(self, code: str | None) -> str:
        """Name a plan, a category or a class."""
        return self._names.get(code or "", code or "–")

    def kind(self, key: str | None) -> str:
        """Name a kind of information."""
        return self._kinds.get(key or "", key or "–")

    def declared(self, plan: str, field: str) -> str:
        """Name what a plan declares a field to be."""
        known: Any = self._policy.plans.get(plan)
        return self.kind(known.declared.get(field)) if known else "–"
