"""The areas of the console, one module each; every module with a `router` is found by itself."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from fastapi import APIRouter


def routers() -> Iterator[APIRouter]:
    """Yield the router of each area."""
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        router: APIRouter = importlib.import_module(f"{__name__}.{found.name}").router
        yield router
