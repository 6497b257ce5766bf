"""The console as a FastAPI application: mounted inside Airflow's api-server, or run alone by tests and benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles

from pipelines.console import pages, switches
from pipelines.console.areas import AREAS
from pipelines.console.desk import Desk
from pipelines.console.security import Guard
from pipelines.console.visit import STATIC, Identify, Visit, Visitor, roles_of
from pipelines.errors import PolicyError, TutelaError, UnknownReference, without_values
from pipelines.settings import Settings

NOBODY = Visitor("", frozenset())
YEAR = 365 * 24 * 3600


def application(
    settings: Settings,
    identify: Identify,
    login: str | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """Make the application.

    Args:
        settings: which installation it shows.
        identify: tells who sends a request.
        login: where somebody unknown is sent; the address they wanted is handed on as ``next``.
        clock: tells the time.

    Raises:
        RuntimeError: a view says not whom it admits.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    desk = app.state.desk = Desk(settings, identify, clock)
    app.mount("/static", _Static(directory=STATIC), name="static")
    for router in (switches.router, *pages.routers()):
        app.include_router(router)
    _require_doors(app, desk)
    _explain_errors(app, desk, login)
    return app


def _require_doors(app: FastAPI, desk: Desk) -> None:
    paths = {area.path for area in AREAS}
    for route in app.routes:
        if isinstance(route, APIRoute) and route.endpoint not in switches.OPEN:
            roles = roles_of(route.dependant.dependencies)
            if roles is None:
                message = f"the view {route.path} says not whom it admits"
                raise RuntimeError(message)
            if route.path in paths and "GET" in route.methods:
                desk.areas[route.path] = roles


def _explain_errors(app: FastAPI, desk: Desk, login: str | None) -> None:
    async def explain(request: Request, error: Exception) -> Response:
        return await _page_of(desk, request, _ours(error))

    async def unknown(request: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 404)
        if status == 401 and login and request.method == "GET":
            return RedirectResponse(f"{login}?next={quote(str(request.url.path))}", status_code=303)
        return await _page_of(desk, request, _ours(error), status)

    app.add_exception_handler(TutelaError, explain)
    app.add_exception_handler(RequestValidationError, explain)
    app.add_exception_handler(HTTPException, unknown)
    for status in (404, 405):
        app.add_exception_handler(status, unknown)
    app.add_middleware(Guard, explain=explain)


def _ours(error: Exception) -> TutelaError:
    """Put an error into our own words; what was sent is never repeated."""
    if isinstance(error, RequestValidationError):
        return PolicyError("Something in the form is missing or not what its field takes; nothing was changed.")
    status = getattr(error, "status_code", None)
    if status == 401:
        return TutelaError("You are not logged in, or not any more; log in to Airflow. Nothing was changed.")
    if status in {404, 405}:
        return UnknownReference("There is no such page; nothing was changed.")
    return without_values(error)


async def _page_of(desk: Desk, request: Request, error: TutelaError, status: int | None = None) -> Response:
    desk.forget(error)
    try:
        visitor = await desk.identify(request)
    except Exception:  # noqa: BLE001 - whoever it is, the error is told
        visitor = NOBODY
    code = status or error.http_status
    return Visit(request, visitor, desk).page("error.html", status=code, code=code, sentence=str(error))


class _Static(StaticFiles):
    """Files that browsers may keep: their address changes with their content."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        return response
