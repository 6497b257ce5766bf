"""The ledger as people read it: a story with a sentence for each entry, and the state of what shows that it holds.

What entries are about is noted beside them when somebody reads (`evidence.story`), so that appending costs nothing more.
A filter only finds what is noted; every sentence is made of the entry itself.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from pipelines.errors import EvidenceInvalid
from pipelines.evidence import checkpoint, entries, ledger, timestamps
from pipelines.evidence.canonical import Json
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.entries import Entry, EntryKind
from pipelines.evidence.sentences import tell
from pipelines.evidence.verify import verify_file
from pipelines.evidence.words import KINDS, LANGUAGES
from pipelines.jobs import evidence
from pipelines.jobs.home import Home
from pipelines.jobs.rule_words import rule_sentences
from pipelines.moments import CHINA
from pipelines.store.database import Role, Tx

ACTORS = (
    "by",
    "steward",
    "applicant",
    "approver",
    "executor",
    "witness",
    "confirmer",
    "owner",
    "entered_by",
    "reviewer",
)
"""Fields that name who acted; `witnesses` is a list of them."""
LINKED = (
    "destruction", "run", "decision", "correction", "hold", "request", "derivative", "notice", "work_order", "backup",
    "approval",
)  # fmt: skip
"""Fields that name something which has a page or a row of its own."""
PASS, FAILED = "PASS", "FAILED"
END = 2**62
TAIL = 1 << 16
"""Bytes of a file's end in which its last line is looked for."""


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of the story."""

    seq: int
    at: datetime
    kind: EntryKind
    who: tuple[str, ...]
    plan: str | None
    sentences: Mapping[str, str]
    """Language → the entry in one sentence."""
    links: Mapping[str, str]
    """What it speaks of → its name."""

    def title(self, language: str) -> str:
        """Say what kind of entry it is."""
        return KINDS[self.kind][LANGUAGES.index(language)]


@dataclass(frozen=True, slots=True)
class Verification:
    """How a verification of the whole ledger ended."""

    at: datetime
    size: int
    verdict: str
    by: str
    detail: str = ""
    """What does not hold; known to whoever had it verified, and not in the ledger."""


@dataclass(frozen=True, slots=True)
class State:
    """What is known of the ledger's soundness."""

    size: int
    head: Checkpoint | None
    verified: Verification | None
    since: int
    """Entries since that verification, its own not counted; all of them where there was none."""
    anchored: Checkpoint | None
    """The last line of the anchor file; None: there is none, or it can't be read."""
    stamped: Checkpoint | None
    """The last checkpoint that a time-stamp authority stamped."""


def story(
    home: Home,
    plan: str | None = None,
    person: str | None = None,
    kinds: Iterable[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Told]:
    """Tell entries, newest first.

    Args:
        home: whose.
        plan: of this plan only.
        person: that this person or service acted in.
        kinds: of these kinds only; none means all.
        since: not before this moment, by the time that an entry tells.
        until: before this moment.
        before: with smaller numbers only: the last one of the page before.
        limit: how many at most.
    """
    asked: dict[str, Any] = {
        "plan": plan, "kinds": list(kinds) or None, "since": since, "until": until,
        "before": END if before is None else before, "limit": limit,
    }  # fmt: skip
    with home.database.begin(Role.AUDIT) as tx:
        go_on(tx)
        tx.run("plan_each_time")
        rows = tx.rows("story", **asked) if person is None else tx.rows("story_of_actor", who=person, **asked)
    names = names_of(home)
    return [_told(row.seq, entries.parse(row.body.encode()), names) for row in rows]


def people(home: Home) -> tuple[list[str], list[EntryKind]]:
    """Name everybody who ever acted, and the kinds of entries that there are: what a story can be filtered by."""
    with home.database.begin(Role.AUDIT) as tx:
        go_on(tx)
        who = [row.who for row in tx.rows("story_actors")]
        there = {row.kind for row in tx.rows("story_kinds")}
    return who, [kind for kind in KINDS if kind in there]


def names_of(home: Home) -> dict[str, dict[str, str]]:
    """Name plans, retention classes, kinds of copies and rules: language → code → name."""
    named = evidence.names(home.policy)
    return {
        language: {
            **rule_sentences(home.settings.expectations, language),
            **named["zh-CN" if language == "zh" else language],
        }
        for language in LANGUAGES
    }


def verify(home: Home, by: str, at: datetime) -> Verification:
    """Verify the whole ledger as an outsider would, with all certificates and against the anchors, and put it on record.

    Raises:
        StorageFull: there is no room for the file that is verified; nothing was put on record.
    """
    with home.database.begin(Role.AUDIT) as tx:
        head = ledger.latest(tx)
    if head is None:
        raise EvidenceInvalid("The ledger is empty; run `tutela init` first.")
    head, wrong = _look(home, head, at)
    verdict = FAILED if wrong else PASS
    with home.database.begin(Role.AUDIT) as tx:
        tx.run("lock_writers")
        said = entries.evidence_verified(head.size, head.root, verdict, by, at)
        appended = home.ledger.append(tx, [said], at)
    if not wrong:
        # A ledger that does not hold is not laid down outside as if it did.
        home.anchor(appended)
    return Verification(at, head.size, verdict, entries.actor(by), wrong)


def state(home: Home) -> State:
    """Tell how far the ledger goes, who last verified it and how that ended, and what was laid down outside."""
    with home.database.begin(Role.AUDIT) as tx:
        go_on(tx)
        head = ledger.latest(tx)
        row = tx.one("last_told", kind=EntryKind.EVIDENCE_VERIFIED)
    size = head.size if head else 0
    last = None if row is None else _verified(entries.parse(row.body.encode()))
    return State(
        size=size,
        head=head,
        verified=last,
        since=size if last is None else size - last.size - 1,
        anchored=_last_line(home.anchors, checkpoint.from_bytes),
        stamped=_last_line(home.anchors.with_name("timestamps.jsonl"), lambda line: timestamps.parse(line).checkpoint),
    )


def by_day(home: Home, days: Sequence[date]) -> list[int]:
    """Count the entries of each of some days that follow one another."""
    since = datetime.combine(days[0], time.min, CHINA)
    with home.database.begin(Role.AUDIT) as tx:
        go_on(tx)
        found = {row.day: row.entries for row in tx.rows("told_by_day", since=since)}
    return [found.get(day, 0) for day in days]


def go_on(tx: Tx) -> None:
    """Note what the entries are about that came since somebody last read."""
    tx.run("continue_story", actors=list(ACTORS))


def _look(home: Home, head: Checkpoint, at: datetime) -> tuple[Checkpoint, str]:
    """Verify a copy that never leaves the home's folder; say what does not hold, or nothing."""
    with tempfile.TemporaryDirectory(prefix=".verify-", dir=home.folder) as folder:
        path = Path(folder) / "evidence.jsonl"
        try:
            head = evidence.bundle_of(home, path, at, leaves=False)
            report = verify_file(path, home.public_key, home.anchors)
        except EvidenceInvalid as exc:
            # What can't even be written down does not hold.
            return head, str(exc)
    return head, "; ".join(check.detail for check in report.checks if not check.ok)


def _told(seq: int, entry: Entry, names: Mapping[str, Mapping[str, str]]) -> Told:
    body = entry.body
    plan = body.get("plan")
    witnesses = body.get("witnesses", ())
    actors = [str(body[key]) for key in ACTORS if body.get(key)]
    actors += [str(name) for name in witnesses] if isinstance(witnesses, list | tuple) else []
    sentences = {language: tell(entry.kind, body, language, names[language]) for language in LANGUAGES}
    links = {key: _text(body[key]) for key in LINKED if body.get(key)}
    return Told(
        seq, entry.at, entry.kind, tuple(dict.fromkeys(actors)), str(plan) if plan else None, sentences, links
    )  # fmt: skip


def _verified(entry: Entry) -> Verification:
    match entry.body:
        case {"size": int(size), "verdict": str(verdict), "by": str(by)}:
            return Verification(entry.at, size, verdict, by)
    raise EvidenceInvalid("The entry of the last verification lacks its size or verdict.")


def _text(value: Json) -> str:
    return value if isinstance(value, str) else str(value)


def _last_line(path: Path, read: Callable[[bytes], Checkpoint]) -> Checkpoint | None:
    """Read the last line of a file of checkpoints; None: there is none, or it is damaged, which a verification explains."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - TAIL))
            lines = file.read().splitlines()
        return read(lines[-1]) if lines else None
    except (OSError, EvidenceInvalid):
        return None
