"""Print a certificate: one calm page, Chinese or English, that says the same as the signed document.

Not evidence itself: the page can be forged like any paper, so it says how to verify the document that it was made
from. Not for use on the auditor's machine: this needs Jinja2, and `verify` doesn't import it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.errors import TutelaError
from pipelines.evidence import signature
from pipelines.evidence.certificate import Certificate, Verdict

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
    words = _words(language)
    known = {**words["names"], **(names or {})}
    return _environment().get_template("certificate.html.j2").render(
        certificate=certificate,
        case=certificate.case,
        fingerprint=signature.fingerprint(certificate.public_key),
        language=language,
        words=words,
        signs={verdict.value: sign for verdict, sign in SIGNS.items()},
        steps=list(_steps(certificate)),
        name=lambda code: known.get(str(code), str(code)),
        moment=lambda at: _moment(at, zone),
    )  # fmt: skip


def _steps(certificate: Certificate) -> Iterator[tuple[str, str | None, str, datetime | None]]:
    people, times = certificate.case.people, certificate.case.times
    for part, state in STEPS:
        yield part, getattr(people, part), state, getattr(times, state)


def _moment(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return local.strftime("%Y-%m-%d %H:%M:%S ") + (local.strftime("%z")[:3] + ":" + local.strftime("%z")[3:5])


def _count(number: int) -> str:
    return f"{number:,}"


@cache
def _words(language: str) -> dict[str, dict[str, str]]:
    content: dict[str, dict[str, str]] = json.loads((TEMPLATES / f"certificate.{language}.json").read_text("utf-8"))
    return content


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["count"] = _count
    return environment
