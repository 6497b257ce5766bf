"""Data Docs: the site of Great Expectations, built from results that hold counts only.

The library's pages load scripts, styles and pictures from seven other sites; :mod:`pages` makes them self-contained.
Not for measuring: the documents come from :mod:`check`. They are cleaned once more here, whoever stored them, so a
value can't reach a page.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipelines.errors import TutelaError
from pipelines.quality.document import Document, scrubbed
from pipelines.quality.gx import (
    ExpectationSuiteIdentifier,
    GreatExpectationsError,
    RunIdentifier,
    ValidationResultIdentifier,
    ValidationResultSchema,
    fresh_context,
)
from pipelines.quality.pages import make_self_contained
from pipelines.quality.suite import Suite

_INDEX = "index.html"
_PARTS = ("expectations", "validations")


def build_docs(documents: Sequence[dict[str, Any]], suites: Sequence[Suite], folder: Path) -> Path:
    """Build the site and return its ``index.html``.

    Args:
        documents: results of :func:`pipelines.quality.check.check`, one a chunk or added up
            (:func:`pipelines.quality.document.merge_documents`).
        suites: the suites to describe.
        folder: where the site goes; made if missing.

    Raises:
        PolicyError: a document is damaged.
        TutelaError: a page could not be made.
    """
    clean = [scrubbed(each) for each in documents]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".quality-", dir=folder.parent) as made:
            site = Path(made)
            _render(clean, suites, site)
            _count(site, pages=len(suites) + len(clean))
            make_self_contained(site)
            _replace(folder, site)
    except (GreatExpectationsError, OSError) as error:
        message = f"the quality pages could not be built in {folder.name} ({type(error).__name__})"
        raise TutelaError(message) from None
    return folder / _INDEX


def _render(documents: Sequence[Document], suites: Sequence[Suite], site: Path) -> None:
    context = fresh_context(
        {
            "quality": {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(site)},
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            }
        }
    )
    for suite in suites:
        context.suites.add(suite.described())
    for number, each in enumerate(documents):
        context.validation_results_store.add(*_result(each, number))
    context.build_data_docs()


def _result(found: Document, number: int) -> tuple[Any, Any]:
    run = RunIdentifier(**found["meta"]["run_id"])
    key = ValidationResultIdentifier(ExpectationSuiteIdentifier(found["suite_name"]), run, f"{number + 1:05d}")
    return key, ValidationResultSchema().load(found)


def _count(site: Path, *, pages: int) -> None:
    """Make sure that every page is there: what the library can't render it only logs."""
    made = sum(1 for part in _PARTS for _ in (site / part).rglob("*.html"))
    if not (site / _INDEX).is_file() or made < pages:
        message = f"only {made} of {pages} quality pages could be built"
        raise TutelaError(message)


def _replace(folder: Path, site: Path) -> None:
    """Put the new site in place of the old one; other files in the folder stay."""
    for part in _PARTS:
        shutil.rmtree(folder / part, ignore_errors=True)
    shutil.copytree(site, folder, dirs_exist_ok=True)
