"""Data Docs: the site of Great Expectations, without values, behind the same door as the quality pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, RedirectResponse

from pipelines.console import security
from pipelines.console.visit import Visit, allow
from pipelines.errors import UnknownReference

router = APIRouter()
# The library's pages carry their own styles, and no script (pipelines.quality.pages).
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'"
READERS = ("engineer", "steward", "leader", "auditor", "privacy_officer", "Admin")


@router.get("/data-docs")
def data_docs(visit: Annotated[Visit, allow(*READERS)]) -> Response:
    """Go to the first page; its links are relative, so its address must end in a slash."""
    return RedirectResponse(visit.url("/data-docs/index.html"), status_code=303)


@router.get("/data-docs/{path:path}")
def data_docs_page(visit: Annotated[Visit, allow(*READERS)], path: str) -> Response:
    """Show a page of Data Docs.

    Raises:
        UnknownReference: there is none, or it lies outside.
    """
    folder = (visit.home.folder / "data_docs").resolve()
    file = (folder / path).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        raise UnknownReference(
            "Data Docs have no such page; they are built after each collection. Nothing was changed."
        )
    return FileResponse(file, headers=security.HEADERS | {"Content-Security-Policy": POLICY})
