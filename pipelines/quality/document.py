"""Validation results as JSON without a single value of the data: made, cleaned and added up. Pure.

Everything here works by a list of what is *allowed*, so that a new version of Great Expectations, or a document that
came from elsewhere, can't bring values in. Row numbers are left out too: the verdict has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipelines.errors import PolicyError

Document = dict[str, Any]

_COUNTED = ("element_count", "unexpected_count", "missing_count")
_CONFIG = ("type", "kwargs", "severity", "description")
_NO_EXCEPTION = {"raised_exception": False, "exception_traceback": None, "exception_message": None}


def entry(config: Mapping[str, Any], result: Mapping[str, Any]) -> Document:
    """Make the part of one expectation: how it is configured, and counts."""
    counts = {key: int(result[key]) for key in _COUNTED if result.get(key) is not None}
    arguments = {key: value for key, value in config["kwargs"].items() if key != "batch_id"}
    return {
        "success": counts["unexpected_count"] == 0,
        "expectation_config": {
            **{key: config.get(key) for key in _CONFIG},
            "kwargs": arguments,
            "meta": {"id": config["meta"]["id"]},
        },
        "result": {**counts, **_percentages(counts)},
        "meta": {},
        "exception_info": dict(_NO_EXCEPTION),
    }


def document(name: str, entries: Sequence[Document], *, rows: int, at: str, version: str) -> Document:
    """Put the parts together the way Great Expectations writes the result of a suite."""
    passed = sum(each["success"] for each in entries)
    return {
        "success": passed == len(entries),
        "suite_name": name,
        "suite_parameters": {},
        "statistics": {
            "evaluated_expectations": len(entries),
            "successful_expectations": passed,
            "unsuccessful_expectations": len(entries) - passed,
            "success_percent": 100 * passed / len(entries) if entries else None,
        },
        "meta": {
            "great_expectations_version": version,
            "batch_kwargs": {"data_asset_name": name},
            "run_id": {"run_name": name, "run_time": at},
            "rows": rows,
        },
        "results": list(entries),
    }


def scrubbed(found: Mapping[str, Any]) -> Document:
    """Return a document with nothing but what is allowed in it.

    Raises:
        PolicyError: it is no document of ours.
    """
    try:
        return document(
            str(found["suite_name"]),
            [entry(each["expectation_config"], each["result"]) for each in found["results"]],
            rows=int(found["meta"]["rows"]),
            at=str(found["meta"]["run_id"]["run_time"]),
            version=str(found["meta"]["great_expectations_version"]),
        )
    except (KeyError, TypeError, ValueError):
        message = "a stored quality result is damaged; check that delivery again"
        raise PolicyError(message) from None


def merge_documents(documents: Iterable[Mapping[str, Any]]) -> Document:
    """Add up the documents of a run's chunks into one.

    Raises:
        PolicyError: there are none, or they are of different suites.
    """
    chunks = [scrubbed(each) for each in documents]
    if not chunks or len({_shape(chunk) for chunk in chunks}) != 1:
        message = "only the chunks of one run, checked with one suite, can be added up"
        raise PolicyError(message)
    first = chunks[0]
    entries = [_sum([chunk["results"][place] for chunk in chunks]) for place in range(len(first["results"]))]
    return document(
        first["suite_name"],
        entries,
        rows=sum(chunk["meta"]["rows"] for chunk in chunks),
        at=max(chunk["meta"]["run_id"]["run_time"] for chunk in chunks),
        version=first["meta"]["great_expectations_version"],
    )


def _shape(chunk: Document) -> tuple[str, ...]:
    return (chunk["suite_name"], *(each["expectation_config"]["meta"]["id"] for each in chunk["results"]))


def _sum(parts: Sequence[Document]) -> Document:
    counts = {key: sum(part["result"][key] for part in parts) for key in _COUNTED if key in parts[0]["result"]}
    return entry(parts[0]["expectation_config"], counts)


def _percentages(counts: Mapping[str, int]) -> Document:
    """Calculate what Great Expectations shows beside the counts; none of nothing."""
    total, unexpected = counts["element_count"], counts["unexpected_count"]
    present = total - counts.get("missing_count", 0)
    shares: Document = {"unexpected_percent": unexpected / present * 100 if present else None}
    if "missing_count" in counts:
        shares["missing_percent"] = counts["missing_count"] / total * 100 if total else None
        shares["unexpected_percent_total"] = unexpected / total * 100 if total else None
        shares["unexpected_percent_nonmissing"] = shares["unexpected_percent"]
    return shares
