"""Language and theme: remembered by the browser, for nobody's data but its own. Open to everybody."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from pipelines.console.visit import LANGUAGE, THEME, THEMES
from pipelines.console.words import LANGUAGES

router = APIRouter()
REMEMBERED = 365 * 24 * 3600


@router.get("/language/{language}")
def language(request: Request, language: str, then: Annotated[str, Query()] = "/") -> Response:
    """Switch the language and go back to the page."""
    return _remember(request, LANGUAGE, language if language in LANGUAGES else LANGUAGES[0], then)


@router.get("/theme/{theme}")
def theme(request: Request, theme: str, then: Annotated[str, Query()] = "/") -> Response:
    """Switch between light, dark, and what the system says; go back to the page."""
    return _remember(request, THEME, theme if theme in THEMES else THEMES[0], then)


OPEN = frozenset({language, theme})
"""Views that need no door."""


def _remember(request: Request, name: str, value: str, then: str) -> Response:
    root = request.scope.get("root_path", "")
    # Only to a page of the console: an address elsewhere would make this a springboard for phishing.
    aim = urlsplit(then)
    local = not aim.scheme and not aim.netloc and then.startswith(f"{root}/") and not then.startswith("//")
    response = RedirectResponse(then if local and "\\" not in then else f"{root}/", status_code=303)
    response.set_cookie(name, value, max_age=REMEMBERED, path=f"{root}/", httponly=True, samesite="lax")
    return response
