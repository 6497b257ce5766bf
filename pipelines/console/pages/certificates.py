"""Certificates of destruction: one page that prints, the signed document, and its verification on the spot."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from pipelines.console import security
from pipelines.console.visit import Visit, act, allow
from pipelines.console.words import N_
from pipelines.evidence import page, signature
from pipelines.jobs import destructions
from pipelines.jobs.evidence import names
from pipelines.moments import CHINA

router = APIRouter()
READERS = ("steward", "leader", "auditor", "privacy_officer", "engineer", "Admin")
CHECKS = {
    "format": N_("It has a form that is known"),
    "end": N_("Nothing follows it"),
    "key": N_("It is signed by this installation's key"),
    "signature": N_("The signature holds"),
    "claims": N_("The verdict follows from the numbers"),
    "checkpoint": N_("The ledger's head in it is signed"),
    "inclusion": N_("Its entries lie in the ledger"),
    "order": N_("They are in order"),
    "ledger": N_("The ledger tells the same"),
    "anchors": N_("The ledger's head was anchored outside the database"),
}
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
Reader = Annotated[Visit, allow(*READERS)]


@router.get("/destruction/{job}/certificate")
def certificate(visit: Reader, job: str) -> Response:
    """Show a certificate."""
    return _page(visit, job)


@router.get("/certificates/{job}")
def by_name(visit: Reader, job: str) -> Response:
    """Lead from a certificate's name, as the ledger tells it, to where it stands."""
    return visit.back(f"/destruction/{quote(job, safe='')}/certificate")


@router.post("/destruction/{job}/certificate/verify")
def verify(visit: Annotated[Visit, act(*READERS)], job: str) -> Response:
    """Verify it as an outsider would, and show each check."""
    return _page(visit, job, report=destructions.verify(visit.home, job))


@router.get("/destruction/{job}/certificate/document")
def document(visit: Reader, job: str) -> Response:
    """Give the signed document."""
    return visit.download(destructions.document(visit.home, job), f"{job}.json", "application/json")


@router.get("/destruction/{job}/certificate/paper")
def paper(visit: Reader, job: str) -> Response:
    """Show the certificate as it is printed and filed: a page that stands alone, with its own style."""
    code = _code(visit)
    html = page.render(
        destructions.certificate(visit.home, job), code, names=names(visit.home.policy)[code], zone=CHINA
    )
    style = _STYLE.search(html)
    allowed = b64encode(sha256(style[1].encode() if style else b"").digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{allowed}'; frame-ancestors 'self'"
    return HTMLResponse(html, headers=security.HEADERS | {"Content-Security-Policy": policy})


def _page(visit: Visit, job: str, **more: Any) -> Response:
    issued, code = destructions.certificate(visit.home, job), _code(visit)
    told = page.words_of(code)
    known = {**told["names"], **names(visit.home.policy)[code]}
    return visit.page(
        "destruction/certificate.html", certificate=issued, case=issued.case, told=told, checks=CHECKS,
        steps=[(part, getattr(issued.case.people, part), state, getattr(issued.case.times, state)) for part, state in page.STEPS],
        named=lambda key: known.get(str(key), str(key)), fingerprint=signature.fingerprint(issued.public_key),
        signs={"PASS": "ok", "FAILED": "bad", "UNKNOWN": "unknown"}, **{"report": None, **more},
    )  # fmt: skip


def _code(visit: Visit) -> str:
    return "zh-CN" if visit.language == "zh" else "en"
