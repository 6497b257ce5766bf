"""Quarantine: the queue, a row, what a decision will do, and the slip for the department. For stewards alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response

from pipelines.console.visit import Visit, act, allow
from pipelines.console.words import N_
from pipelines.errors import DecisionRefused, PolicyError, UnknownReference
from pipelines.evidence.entry import EntryKind
from pipelines.jobs import decisions, quarantine
from pipelines.jobs.decisions import Done, Selection
from pipelines.jobs.masks import rule_in_words
from pipelines.jobs.quarantine import View

if TYPE_CHECKING:
    from pipelines.jobs.decisions import Preview

router = APIRouter()
STEWARDS = ("steward",)
SHOWN_SECONDS = 30
SORTS = {"due": "due", "-due": "newest"}
ENDED = N_("{rows} may not be held any more, because consent ended; destroyed with the next purge.")
DONE = {
    ("corrected", "stored"): N_("{rows} corrected and stored in the vault."),
    ("accepted", "stored"): N_("{rows} accepted and stored in the vault."),
    ("corrected", "quarantined"): N_(
        "{rows} checked again, still breaking a critical rule; another steward decides now."
    ),
    ("accepted", "quarantined"): N_("{rows} checked again, breaking another rule now; another steward decides."),
    ("corrected", "refused"): ENDED,
    ("accepted", "refused"): ENDED,
    ("rejected", "rejected"): N_("{rows} rejected; destroyed with the next purge."),
    ("returned", "returned"): N_("{rows} sent back; here is the slip for the department."),
}
NO_REASON = N_(
    "To look at a value needs a reason: one line, without the number or address of a person. Nothing was shown."
)
REFUSED = {
    "own": N_("Some of these rows were brought in by you, and nobody decides about their own; another steward has to. Nothing was changed."),
    "undated": N_("Some of these rows have no date that retention counts from and can't be accepted: nobody would know when to destroy them. Nothing was changed."),
    "gone": N_("Some of these rows were decided about meanwhile, by you or another steward; look at the queue again. Nothing was changed."),
    "changed": N_("The rows are not those of the preview any more: some came or went. Look at the preview again; nothing was changed."),
    "destroyed": N_("Some of these rows are on the list of a destruction that is under way; nothing was changed."),
    "reason": N_("A decision needs a reason: one line, without the number or address of a person. Nothing was changed."),
    "payment": N_("What was filled in holds payment authentication data, which nobody may keep; nothing was changed."),
    "nothing": N_("Nothing was filled in, so there is nothing to correct; nothing was changed."),
}  # fmt: skip
Steward = Annotated[Visit, allow(*STEWARDS)]
Acting = Annotated[Visit, act(*STEWARDS)]
Seen = Annotated[str, Form()]
"""The view of the queue that the steward came from, to go back to."""


@router.get("/quarantine")
def queue(
    visit: Steward,
    plan: str | None = None,
    rule: str | None = None,
    batch: int | None = None,
    state: str = "waiting",
    overdue: bool = False,
    sort: str = "due",
    after: str | None = None,
) -> Response:
    """Show which rows wait, the most urgent first."""
    view = View(plan or None, rule or None, batch, state, overdue, SORTS.get(sort, "due"))
    home = visit.home
    visit.desk.warm()
    page = quarantine.queue(home, view, visit.at, after)
    plans = quarantine.summary(home, visit.at)
    chosen = next((each for each in plans if each["plan"] == view.plan), None)
    return visit.page(
        "quarantine/queue.html",
        page=page,
        view=view,
        sort=sort,
        plans=plans,
        rules=_rules(plans, view),
        chosen=chosen,
        worst=max(plans, key=lambda each: (each["overdue"], each["waiting"]), default=None),
        waiting=sum(each["waiting"] for each in plans),
        overdue=sum(each["overdue"] for each in plans),
        returned=sum(each["returned"] for each in plans),
        titles=_titles(visit),
        rule=rule_in_words(home, view.plan or plans[0]["plan"], view.rule)
        if view.rule and (view.plan or plans)
        else None,
        recent=decisions.recent(home, 8),
        on_record=EntryKind.ROWS_DECIDED.value,
        asked=_query(view),
        own=sum(each.entered_by == visit.user.name for each in page.rows),
    )


@router.get("/quarantine/rows/{record}")
def row(visit: Steward, record: UUID, seen: str = "") -> Response:
    """Show one row: every field masked, what is wrong with it beside it, and what can be done."""
    return _row(visit, record, seen)


@router.post("/quarantine/rows/{record}/reveal")
def reveal(
    visit: Acting, record: UUID, field: Annotated[str, Form()], reason: Annotated[str, Form()], seen: Seen = ""
) -> Response:
    """Show one value for half a minute; who looked and why is on record."""
    try:
        value = quarantine.reveal(visit.home, record, field, reason, visit.user.name, visit.at)
    except PolicyError as refused:
        return _refuse(visit, refused.http_status, NO_REASON, seen, Selection((record,)))
    return _row(visit, record, seen, {field: value})


@router.post("/quarantine/rows/{record}/correct")
def correct(
    visit: Acting,
    record: UUID,
    reason: Annotated[str, Form()],
    field: Annotated[list[str], Form()],
    value: Annotated[list[str], Form()],
    seen: Seen = "",
) -> Response:
    """Store a row with other values, if it holds now; a blank leaves a field as it is, a dash empties it."""
    changes = {name: given for name, given in zip(field, value, strict=True) if given.strip()}
    if not changes:
        return _refuse(visit, DecisionRefused.http_status, REFUSED["nothing"], seen, Selection((record,)))
    return _decide(visit, Selection((record,)), "corrected", reason, seen, changes=changes)


@router.post("/quarantine/rows/{record}/decide")
def decide_row(
    visit: Acting, record: UUID, kind: Annotated[str, Form()], reason: Annotated[str, Form()], seen: Seen = ""
) -> Response:
    """Accept, reject or send back one row."""
    return _decide(visit, Selection((record,)), kind, reason, seen)


@router.get("/quarantine/preview")
def preview_view(
    visit: Steward,
    kind: str,
    plan: str | None = None,
    rule: str | None = None,
    batch: int | None = None,
    state: str = "waiting",
    overdue: bool = False,
) -> Response:
    """Say what a decision about all rows of a view would do."""
    view = View(plan, rule, batch, state, overdue)
    return _preview(visit, Selection(view=view), kind, _query(view))


@router.post("/quarantine/preview")
def preview_rows(
    visit: Acting,
    record: Annotated[list[UUID] | None, Form()] = None,
    kind: Annotated[str, Form()] = "",
    one: Annotated[str, Form()] = "",
    seen: Seen = "",
) -> Response:
    """Say what a decision about some rows would do: the ticked ones, or the one whose button was pressed."""
    if one:
        kind, _, named = one.partition(":")
        record = [_uuid(named)]
    if not record:
        return visit.back("/quarantine", visit.text("No row is ticked; nothing was changed."), **_safe(seen))
    return _preview(visit, Selection(tuple(record)), kind, seen)


@router.post("/quarantine/decide")
def decide(
    visit: Acting,
    kind: Annotated[str, Form()],
    reason: Annotated[str, Form()],
    token: Annotated[str, Form()],
    record: Annotated[list[UUID] | None, Form()] = None,
    view: Annotated[str, Form()] = "",
    seen: Seen = "",
) -> Response:
    """Do what the preview said, about exactly its rows."""
    selection = Selection(tuple(record or ())) if record else Selection(view=_view(view))
    return _decide(visit, selection, kind, reason, seen, token)


@router.get("/quarantine/slips/{decision}")
def slip(visit: Steward, decision: str, form: Annotated[str, Query(alias="as")] = "page") -> Response:
    """Show the slip of rows that were sent back, to print or as CSV."""
    told = decisions.slip(visit.home, decision)
    if form == "csv":
        return visit.download(decisions.slip_csv(told), f"{told.decision}.csv", "text/csv; charset=utf-8")
    return visit.page("quarantine/slip.html", slip=told, titles=_titles(visit))


def _row(visit: Visit, record: UUID, seen: str, revealed: Mapping[str, str | None] | None = None) -> Response:
    home = visit.home
    found, past = quarantine.row(home, record), quarantine.history(home, record)
    return visit.page(
        "quarantine/row.html",
        row=found,
        decisions=past["decisions"],
        reveals=past["reveals"],
        revealed=revealed or {},
        seen_in=urlencode(_safe(seen)),
        seconds=SHOWN_SECONDS,
        titles=_titles(visit),
        own=found.entered_by == visit.user.name,
    )


def _preview(visit: Visit, selection: Selection, kind: str, seen_in: str) -> Response:
    home = visit.home
    if kind not in {"accepted", "rejected", "returned"}:
        raise UnknownReference("There is no such decision about several rows; nothing was changed.")
    seen: Preview = decisions.preview(home, selection, kind, visit.user.name, visit.at)
    plan = next(iter(seen.by_plan), "")
    words = [
        (rule_in_words(home, plan, rule), rows)
        for rule, rows in sorted(seen.by_rule.items(), key=lambda each: -each[1])
    ]
    return visit.page(
        "quarantine/preview.html",
        seen=seen,
        words_of=words,
        titles=_titles(visit),
        records=selection.records,
        seen_in=urlencode(_safe(seen_in)),
        view=_query(selection.view) if selection.view else "",
    )


def _decide(
    visit: Visit,
    selection: Selection,
    kind: str,
    reason: str,
    seen: str,
    token: str | None = None,
    changes: Mapping[str, str] | None = None,
) -> Response:
    try:
        done = decisions.decide(visit.home, selection, kind, reason, visit.user.name, visit.at, token, changes)
    except DecisionRefused as refused:
        return _refuse(visit, refused.http_status, REFUSED.get(refused.why, str(refused)), seen, selection)
    if kind == "returned":
        return visit.back(f"/quarantine/slips/{done.decision}", _told(visit, done))
    return visit.back("/quarantine", _told(visit, done), **_safe(seen))


def _refuse(visit: Visit, status: int, sentence: str, seen: str, selection: Selection | None = None) -> Response:
    """Say why nothing was done, and lead back to where it can be done otherwise."""
    records = selection.records if selection else ()
    return visit.page(
        "quarantine/refused.html",
        status=status,
        sentence=visit.text(sentence),
        seen_in=urlencode(_safe(seen)),
        record=records[0] if len(records) == 1 else None,
    )


def _told(visit: Visit, done: Done) -> str:
    said = [
        visit.text(DONE[done.kind.value, outcome], rows=_many(visit, rows)) for outcome, rows in done.outcomes.items()
    ]
    return ("" if visit.language == "zh" else " ").join(said)


def _many(visit: Visit, rows: int) -> str:
    return visit.text("1 row") if rows == 1 else visit.text("{rows} rows", rows=visit.words.number(rows))


def _titles(visit: Visit) -> dict[str, str]:
    plans = visit.home.policy.plans
    return {name: visit.words.two(plan.title.zh, plan.title.en) for name, plan in plans.items()}


def _rules(plans: Sequence[Mapping[str, Any]], view: View) -> list[dict[str, Any]]:
    """Join the rules of the plans that are looked at, the commonest first."""
    found: dict[str, dict[str, Any]] = {}
    for each in plans:
        if view.plan in {None, each["plan"]}:
            for rule in each["rules"]:
                known = found.setdefault(rule["rule"], {**rule, "rows": 0})
                known["rows"] += rule["rows"]
    return sorted(found.values(), key=lambda rule: -rule["rows"])


def _query(view: View) -> str:
    asked = {"plan": view.plan, "rule": view.rule, "batch": view.batch, "overdue": "1" if view.overdue_only else None}
    return urlencode({name: value for name, value in {**asked, "state": view.state}.items() if value is not None})


def _safe(query: str) -> dict[str, str]:
    """Take the filters of the queue, and nothing else, out of what a form sent back."""
    return dict(parse_qsl(_query(_view(query))))


def _view(query: str) -> View:
    asked = dict(parse_qsl(query))
    batch = asked.get("batch", "")
    return View(
        asked.get("plan"), asked.get("rule"), int(batch) if batch.isdigit() else None, asked.get("state", "waiting"),
        "overdue" in asked,
    )  # fmt: skip


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise UnknownReference("There is no such row; look at the queue again. Nothing was changed.") from None
