"""Print a certificate: one calm page, Chinese or English, that says the same as the signed document.

Not evidence itself: the page can be forged like any paper, so it says how to verify the document that it was made
from. Not for use on the auditor's machine: this needs Jinja2, and `verify` doesn't import it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.errors import StorageFull, TutelaError
from pipelines.evidence import signature
from pipelines.evidence.case import TECHNIQUES, Limit
from pipelines.evidence.certificate import Certificate, Verdict
from pipelines.evidence.checkpoint import FULL

LANGUAGES = ("zh-CN", "en")
TEMPLATES = Path(__file__).parent / "templates"
SIGNS = {Verdict.PASS: "✓", Verdict.FAILED: "✕", Verdict.UNKNOWN: "?"}
"""A sign and a word each: colour is never the only carrier."""
STEPS = (
    ("applicant", "applied"),
    ("approver", "approved"),
    ("executor", "keys_destroyed"),
    ("executor", "rows_removed"),
    ("witness", "verified"),
    ("confirmer", "confirmed"),
)
"""Who did which step."""
_SAID_BY_PLACE = {
    "wal": Limit.WAL,
    "backups": Limit.BACKUPS,
    "freed_pages": Limit.STORAGE,
    "freed_storage": Limit.STORAGE,
    "replicas": Limit.REPLICAS,
}
MOST, FEW = 9, 2
"""How many counts or names, and how many hashes, a page lists; the document has all."""


def render(
    certificate: Certificate, language: str, *, names: Mapping[str, str] | None = None, zone: tzinfo = UTC
) -> str:
    """Write a certificate as an HTML page that stands alone and prints on one or two sheets.

    Args:
        certificate: What to print.
        language: ``zh-CN`` or ``en``.
        names: What plans, categories and other codes are called in that language; codes without a name stay codes.
        zone: The time zone that times are told in.

    Raises:
        TutelaError: The page isn't written in this language.
    """
    if language not in LANGUAGES:
        raise TutelaError(f"Certificates are printed in {' and '.join(LANGUAGES)}.")
    words = words_of(language)
    known = {**words["names"], **(names or {})}
    return _environment().get_template("certificate.html.j2").render(
        certificate=certificate,
        case=certificate.case,
        fingerprint=signature.fingerprint(certificate.public_key),
        language=language,
        words=words,
        signs={verdict.value: sign for verdict, sign in SIGNS.items()},
        steps=list(_steps(certificate)),
        spared=_spared(certificate),
        removed={code: number for code, number in certificate.case.removed.items() if number},
        destroyed={copy.kind: copy.destroyed for copy in certificate.case.derivatives if copy.destroyed},
        remaining=[copy for copy in certificate.case.derivatives if copy.remaining],
        grades=TECHNIQUES,
        given=names or {},
        limits=list(_limits(certificate)),
        most=MOST,
        few=FEW,
        name=lambda code: known.get(str(code), str(code)),
        moment=lambda at: _moment(at, zone),
    )  # fmt: skip


def write_pages(
    document: Path,
    certificate: Certificate,
    *,
    names: Mapping[str, Mapping[str, str]] | None = None,
    zone: tzinfo = UTC,
) -> tuple[Path, ...]:
    """Write a certificate's pages in all languages beside its signed document, each whole or not at all.

    Args:
        document: The path of the signed document, whose name the pages take.
        certificate: What the document says.
        names: Language → code → name.
        zone: The time zone that times are told in.

    Raises:
        StorageFull: There is no room; the signed document is untouched, and `tutela evidence page` prints it later.
        TutelaError: The folder can't be written.
    """
    written = []
    for language in LANGUAGES:
        path = document.with_name(f"{document.stem}.{language}.html")
        html = render(certificate, language, names=(names or {}).get(language), zone=zone)
        write(path, html.encode())
        written.append(path)
    return tuple(written)


def write(path: Path, content: bytes) -> None:
    """Write one page, whole or not at all.

    Raises:
        StorageFull: There is no room.
        TutelaError: The folder can't be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as exc:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        if exc.errno in FULL:
            raise StorageFull(
                f"There is no room for the page {path.name}; free some and print it with `tutela evidence page`."
            ) from None
        raise TutelaError(f"The page {path.name} can't be written: {exc.strerror}.") from None


def _steps(certificate: Certificate) -> Iterator[tuple[str, str | None, str, datetime | None]]:
    people, times = certificate.case.people, certificate.case.times
    for part, state in STEPS:
        yield part, getattr(people, part), state, getattr(times, state)


def _spared(certificate: Certificate) -> list[tuple[str, int]]:
    spared = certificate.case.spared
    counts = (("held", spared.held), ("restricted", spared.restricted), ("reviewed", spared.reviewed))
    return [(reason, number) for reason, number in counts if number]


def _limits(certificate: Certificate) -> Iterator[Limit]:
    """Leave out what the list of places where ciphertext may lie says better: with a day."""
    places = {residual.place.rpartition(".")[2] for residual in certificate.case.residuals}
    said = {limit for place, limit in _SAID_BY_PLACE.items() if place in places}
    yield from (limit for limit in certificate.case.limits if limit not in said)


def _moment(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return local.strftime("%Y-%m-%d %H:%M:%S ") + (local.strftime("%z")[:3] + ":" + local.strftime("%z")[3:5])


def _token(text: str) -> str:
    # Within a style sheet, where markup's escapes do not count.
    return re.sub(r"[^A-Za-z0-9_.:/-]", "", text)


def _count(number: int) -> str:
    return f"{number:,}"


@cache
def words_of(language: str) -> dict[str, dict[str, str]]:
    """Give the words of a language that certificates are told in: parts, states, names of codes."""
    content: dict[str, dict[str, str]] = json.loads((TEMPLATES / f"certificate.{language}.json").read_text("utf-8"))
    return content


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["count"] = _count
    environment.filters["token"] = _token
    return environment
