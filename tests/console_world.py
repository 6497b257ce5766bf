"""The console run alone, with users named by a cookie: for what needs no Airflow. Its users are told in `WHO`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import quote, unquote

import httpx
import uvicorn
from fastapi import HTTPException, Request

from pipelines.console.app import application
from pipelines.console.visit import Visitor
from pipelines.platform.ports import LOOPBACK, free_port
from pipelines.settings import Settings

WHO = "test_user"
PREFIX = "/console"


async def identify(request: Request) -> Visitor:
    """Take the user that the cookie names: ``name|role,role``."""
    told = unquote(request.cookies.get(WHO, ""))
    if not told:
        raise HTTPException(401)
    name, _, roles = told.partition("|")
    return Visitor(name, frozenset(filter(None, roles.split(","))))


def cookie(name: str, *roles: str) -> dict[str, str]:
    """Give the cookie of a user; the role is the name where none is told."""
    return {WHO: quote(f"{name}|{','.join(roles or (name,))}")}


@contextmanager
def served(settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[str]:
    """Serve the console under its usual prefix; give its address without a slash at its end."""
    from fastapi import FastAPI

    outer = FastAPI(openapi_url=None)
    outer.mount(PREFIX, application(settings, identify, "/auth/login/", clock))
    port = free_port(0)
    server = uvicorn.Server(uvicorn.Config(outer, host=LOOPBACK, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://{LOOPBACK}:{port}{PREFIX}"
    finally:
        server.should_exit = True
        thread.join(10)


def client(address: str, name: str, *roles: str, language: str = "en") -> httpx.Client:
    """Give a client of the console as a user; it follows no redirect by itself."""
    return httpx.Client(
        base_url=address, cookies=cookie(name, *roles), headers={"accept-language": language}, timeout=30
    )
