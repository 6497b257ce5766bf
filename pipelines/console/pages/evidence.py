"""Evidence: the ledger as a story, whether it holds, and all of it to take away."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse
from markupsafe import Markup, escape
from starlette.background import BackgroundTask

from pipelines.console import security
from pipelines.console.visit import Visit, act, allow
from pipelines.console.words import N_
from pipelines.evidence.entry import EntryKind
from pipelines.evidence.words import KINDS, LANGUAGES
from pipelines.jobs import evidence, ledger
from pipelines.jobs.ledger import Told
from pipelines.moments import CHINA

router = APIRouter()
READERS = ("steward", "leader", "auditor", "privacy_officer", "Admin")
VERIFIERS = ("auditor", "privacy_officer")
PAGE = 50
STALE = timedelta(days=1)
PACE = 30_000
"""Entries that are verified in a second, about."""
GROUPS = {
    "collection": (N_("Collection"), ("ingest",)),
    "quarantine": (N_("Quarantine"), ("quarantine",)),
    "quality": (N_("Quality"), ("quality", "report")),
    "catalogue": (N_("Data catalogue"), ("catalog",)),
    "consent": (N_("Consent"), ("consent",)),
    "destruction": (N_("Destruction"), ("destruction", "policy")),
    "retention": (N_("Retention and holds"), ("retention", "hold")),
    "keys": (N_("Keys and backups"), ("key", "backup")),
    "copies": (N_("Copies"), ("derivative", "notice", "work_order")),
    "evidence": (N_("Evidence"), ("evidence", "home")),
}
"""Group of kinds → what it is called, and how its kinds begin."""
PAGES = {"destruction": "/destruction/", "run": "/quality/runs/", "hold": "/destruction#"}
"""What an entry speaks of → where it is shown."""
CERTIFICATE = "/certificates/"


@router.get("/evidence")
def story(
    visit: Annotated[Visit, allow(*READERS)],
    plan: str = "",
    person: str = "",
    kind: str = "",
    group: str = "",
    day: str = "",
    before: int | None = None,
) -> Response:
    """Tell the ledger, newest first, by plan, person, kind or day; and how sure it is."""
    home = visit.home
    who, kinds = ledger.people(home)
    since, until = _day(day)
    of_group = [each.value for each in kinds if _of_group(each.value, group)]
    # Of a kind that there is none of yet, nothing is shown, and not everything.
    narrowed = [kind] if kind else ((of_group or [group]) if group in GROUPS else [])
    told = ledger.story(home, plan or None, person or None, narrowed, since, until, before, PAGE + 1)
    state = ledger.state(home)
    return visit.page(
        "evidence/evidence.html",
        told=told[:PAGE],
        older=visit.here(before=told[PAGE - 1].seq) if len(told) > PAGE else None,
        newer=visit.here(before=None) if before is not None else None,
        state=state,
        stale=state.verified is None or visit.at - state.verified.at > STALE,
        plans={name: visit.words.two(each.title.zh, each.title.en) for name, each in home.policy.plans.items()},
        people=who,
        kinds=[(each.value, KINDS[each][LANGUAGES.index(visit.language)]) for each in kinds],
        groups=[(name, visit.text(title)) for name, (title, _) in GROUPS.items() if _there(name, kinds)],
        chosen={"plan": plan, "person": person, "kind": kind, "group": group, "day": day},
        linked=lambda each: _linked(visit, each),
        clock=lambda at: f"{at.astimezone(CHINA):%H:%M}",
        seconds=1 + state.size // PACE,
        may_verify=visit.may(*VERIFIERS),
    )


@router.post("/evidence/verify")
def verify(visit: Annotated[Visit, act(*VERIFIERS)]) -> Response:
    """Verify the whole ledger with its certificates and anchors, and put that on record."""
    found = ledger.verify(visit.home, visit.user.name, visit.at)
    if found.verdict == ledger.PASS:
        said = visit.text("The ledger holds: {count} entries verified.", count=visit.words.number(found.size))
        return visit.back("/evidence", said)
    return visit.page("evidence/broken.html", status=409, found=found)


@router.post("/evidence/export")
def export(visit: Annotated[Visit, act(*VERIFIERS)]) -> Response:
    """Hand out all evidence as one file that anyone can verify; that it was taken is put on record."""
    # Beside the home's own files: a shared temporary folder is no place for it.
    folder = Path(tempfile.mkdtemp(prefix=".export-", dir=visit.home.folder))
    path = folder / "evidence.jsonl"
    try:
        evidence.export_from(visit.home, path, visit.user.name, visit.at)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    tidy = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    name = f"evidence-{visit.at:%Y%m%d-%H%M%S}.jsonl"
    kind = "application/jsonl"
    return FileResponse(path, filename=name, media_type=kind, background=tidy, headers=security.HEADERS)


def _of_group(kind: str, group: str) -> bool:
    return group not in GROUPS or kind.partition(".")[0] in GROUPS[group][1]


def _there(group: str, kinds: Iterable[EntryKind]) -> bool:
    return any(_of_group(kind.value, group) for kind in kinds)


def _linked(visit: Visit, told: Told) -> tuple[Markup, list[tuple[str, str | None]]]:
    """Make links of what a sentence names and the visitor may see; give what it does not name apart, with its address."""
    sentence = escape(told.sentences[visit.language])
    apart: list[tuple[str, str | None]] = []
    for what, name in told.links.items():
        place = CERTIFICATE if told.kind is EntryKind.DESTRUCTION_CONFIRMED else PAGES.get(what)
        url = visit.url(place + quote(name)) if place else None
        href = url if url and visit.opens(url) else None
        written = escape(name)
        if written not in sentence:
            apart.append((name, href))
        elif href:
            link = Markup('<a href="{}">{}</a>').format(href, name)
            sentence = link.join(sentence.split(written))
    return sentence, apart


def _day(day: str) -> tuple[datetime | None, datetime | None]:
    """Read a day in China; nonsense is no filter."""
    try:
        begin = datetime.combine(datetime.fromisoformat(day).date(), time(), CHINA)
    except ValueError:
        return None, None
    return begin, begin + timedelta(days=1)
