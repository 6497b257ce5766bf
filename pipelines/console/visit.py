"""One visit of a page: who comes, in which language, with an open home; and who may come at all.

`allow(…)` stands in every view that shows, `act(…)` in every view that does; there is no other way to a `Visit`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from pipelines.console import security
from pipelines.console.areas import area_of
from pipelines.console.words import Language, Words, preferred
from pipelines.errors import ApprovalMissing

if TYPE_CHECKING:
    from pipelines.console.desk import Desk
    from pipelines.jobs.home import Home

EVERYBODY = ("engineer", "steward", "requester", "leader", "auditor", "privacy_officer", "Admin")
"""Airflow's roles; somebody with none of them has nothing to look for here."""
STATIC = Path(__file__).parent / "static"
LANGUAGE, THEME = "tutela_language", "tutela_theme"
THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is known to Airflow."""

    name: str
    roles: frozenset[str]


Identify = Callable[[Request], Awaitable[Visitor]]
"""Tells who sends a request; raises HTTPException 401 where nobody known does."""


class Visit:
    """What a view works with."""

    def __init__(self, request: Request, user: Visitor, desk: Desk) -> None:
        """Take who comes, and the desk that serves."""
        self.request = request
        self.user = user
        self.desk = desk
        self.at: datetime = desk.clock()
        cookies, headers = request.cookies, request.headers
        self.words = Words(preferred(cookies.get(LANGUAGE), headers.get("accept-language")))
        theme = cookies.get(THEME)
        self.theme = theme if theme in THEMES else "auto"

    @property
    def home(self) -> Home:
        """The installation, open.

        Raises:
            TutelaError: it can't be opened.
        """
        return self.desk.home()

    @property
    def language(self) -> Language:
        """``zh`` or ``en``."""
        return self.words.language

    def text(self, msgid: str, /, **values: Any) -> str:
        """Put a sentence into the visitor's words."""
        return self.words.text(msgid, **values)

    def may(self, *roles: str) -> bool:
        """Tell whether the visitor has one of some roles."""
        return not self.user.roles.isdisjoint(roles)

    def opens(self, url: str) -> bool:
        """Tell whether the visitor may see the area that an address of the console lies in."""
        root = self.request.scope.get("root_path", "")
        area = area_of(urlsplit(url).path.removeprefix(root))
        return area is None or self.may(*self.desk.areas.get(area.path, ()))

    @property
    def path(self) -> str:
        """The page's address inside the console."""
        return "/" + self.request.url.path.removeprefix(self.request.scope.get("root_path", "")).lstrip("/")

    def url(self, path: str, **query: Any) -> str:
        """Give the address of a page of the console; what is None is left out."""
        asked = {name: value for name, value in query.items() if value is not None}
        root = self.request.scope.get("root_path", "")
        return f"{root}{path}" + (f"?{urlencode(asked, doseq=True)}" if asked else "")

    def static(self, name: str) -> str:
        """Give the address of a file of the console's own, which changes with its content."""
        return self.url(f"/static/{name}", v=fingerprint(name))

    def here(self, **changes: Any) -> str:
        """Give this page's own address with some of its query changed; None removes."""
        query: dict[str, Any] = {name: self.request.query_params.getlist(name) for name in self.request.query_params}
        return self.url(self.path, **{**query, **changes})

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """Answer with a page."""
        html = self.desk.render(template, self, context)
        response = HTMLResponse(html, status_code=status, headers=security.HEADERS)
        if security.NOTICE in self.request.cookies:
            response.delete_cookie(security.NOTICE, path=self.url("/"))
        return response

    def back(self, path: str, notice: str | None = None, **query: Any) -> Response:
        """Answer an act: go to a page, which shows the notice."""
        response = RedirectResponse(self.url(path, **query), status_code=303, headers={"Cache-Control": "no-store"})
        if notice:
            self.cookie(response, security.NOTICE, self.desk.seal.notice(notice), security.NOTICE_SECONDS)
        return response

    def cookie(self, response: Response, name: str, value: str, seconds: int) -> None:
        """Have the browser remember something for the console alone."""
        secure = self.request.url.scheme == "https"
        response.set_cookie(
            name, value, max_age=seconds, path=self.url("/"), httponly=True, samesite="lax", secure=secure
        )

    def download(self, content: str | bytes, name: str, kind: str) -> Response:
        """Answer with a file."""
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type=kind, headers=disposition | security.HEADERS)


@cache
def fingerprint(name: str) -> str:
    """Tell one state of a static file from another."""
    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def allow(*roles: str) -> Any:
    """Admit visitors with one of some roles; everybody else is told so, with 403."""

    async def visit(request: Request) -> Visit:
        return await _admitted(request, roles)

    return _door(visit, roles)


def act(*roles: str) -> Any:
    """Admit visitors with one of some roles, and only with a form that was made for them."""

    async def visit(request: Request) -> Visit:
        admitted = await _admitted(request, roles)
        form = await request.form()
        admitted.desk.seal.require(request, admitted.user.name, form.get(security.FIELD))
        return admitted

    return _door(visit, roles)


def roles_of(dependencies: Any) -> frozenset[str] | None:
    """Tell whom a route admits; None where it has no door, which may not be."""
    for dependency in dependencies:
        roles: frozenset[str] | None = getattr(dependency.call, "roles", None)
        if roles is not None:
            return roles
    return None


def _door(visit: Callable[[Request], Awaitable[Visit]], roles: tuple[str, ...]) -> Any:
    visit.roles = frozenset(roles)  # type: ignore[attr-defined]
    return Depends(visit)


async def _admitted(request: Request, roles: tuple[str, ...]) -> Visit:
    desk: Desk = request.app.state.desk
    visitor = await desk.identify(request)
    if visitor.roles.isdisjoint(roles):
        raise ApprovalMissing(
            "This page is not for your role; nothing was changed. Ask who administers Airflow for it."
        )
    return Visit(request, visitor, desk)
