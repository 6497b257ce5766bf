"""Run a suite on a frame with Great Expectations and say which rows failed what.

Not for reading suites (:mod:`suite`) or acting on the verdict (the ingest story). Great Expectations reads the frame
itself: a throw-away execution engine holds it for the length of one call, so no copy of customer information outlives
the check, and none is fingerprinted or written.

What keeps it fast: all expectations resolve in one metric graph; only the columns the suite reads are handed over,
because Great Expectations copies the whole frame to leave out missing values; values of failing rows are never
listed, only their row numbers. Measured with 20,000 rows and 19 expectations: 8.5 µs a row on one core, most of it
the library's bookkeeping of 130 ms a call, whatever the number of rows; so large chunks are cheaper.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.errors import PolicyError
from pipelines.quality.document import document, entry
from pipelines.quality.gx import Batch, ExpectationValidationResult, PandasExecutionEngine, Validator, context, gx
from pipelines.quality.verdict import Rows, Score, Verdict
from pipelines.quality.vocabulary import AT, RECEIVED

if TYPE_CHECKING:
    from pipelines.quality.suite import Rule, Suite

Flags = npt.NDArray[np.bool_]
ROW = "row"
"""The name of a frame's index."""
_RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "exclude_unexpected_values": True,
    "include_unexpected_rows": False,
    "partial_unexpected_count": 0,
    "return_unexpected_index_query": False,
}


def check(
    frame: pd.DataFrame,
    suite: Suite,
    *,
    at: datetime,
    received: datetime | None = None,
    marks: Mapping[str, Flags] | None = None,
) -> Verdict:
    """Judge every row of a frame by every expectation of a suite.

    Args:
        frame: text columns, indexed by row number (named "row"); at least the columns the suite reads.
        suite: from :func:`pipelines.quality.suite.load_suite`.
        at: the time of the check, with a zone; nothing may have happened after it.
        received: when the delivery was received, with a zone; just now, when it is left out.
        marks: what was looked up for :attr:`Suite.marks`: name → one flag a row.

    Raises:
        PolicyError: an expectation could not be evaluated, which is never a pass; names the expectation.
        RuntimeError: the frame is not indexed by row number, or ``at`` has no zone (a mistake of the caller).
    """
    if frame.index.name != ROW or not pd.api.types.is_integer_dtype(frame.index.dtype):
        message = "the frame must be indexed by row number"
        raise RuntimeError(message)
    times = {AT: at, RECEIVED: received or at}
    if any(time.tzinfo is None for time in times.values()):
        message = "the time of a check needs a zone"
        raise RuntimeError(message)
    _columns_there(frame, suite)
    rows = _with_marks(frame[list(suite.columns)], suite, marks or {})
    results = _results(_run(rows, suite, times), suite)
    failed = {rule.id: _failed_rows(results[rule.id]) for rule in suite.rules}
    scores = tuple(_score(rule, results[rule.id], failed[rule.id]) for rule in suite.rules)
    return Verdict(failed, scores, _document(suite, list(results.values()), len(frame), at))


def _columns_there(frame: pd.DataFrame, suite: Suite) -> None:
    for rule in suite.rules:
        for column in rule.columns:
            if column not in frame.columns:
                message = f"expectation {rule.id} of the suite {suite.name} reads {column}, which the rows don't have"
                raise PolicyError(message)


def _with_marks(rows: pd.DataFrame, suite: Suite, marks: Mapping[str, Flags]) -> pd.DataFrame:
    """Put the marks beside the rows; a look-up that was forgotten is no pass."""
    if missing := [name for name in suite.marks if name not in marks]:
        message = f"the suite {suite.name} needs the marks {', '.join(missing)}, which were not looked up"
        raise PolicyError(message)
    return rows.assign(**{name: pd.array(marks[name].astype("int8"), dtype="int8") for name in suite.marks})


def _run(rows: pd.DataFrame, suite: Suite, times: Mapping[str, datetime]) -> Iterable[ExpectationValidationResult]:
    batch = Batch(data=rows)  # type: ignore[arg-type]  # the library annotates a class
    validator = Validator(PandasExecutionEngine(), data_context=context(), batches=[batch])
    try:
        configurations = validator.process_expectations_for_validation(
            suite.gx.expectation_configurations, {name: time.isoformat() for name, time in times.items()}
        )
        return validator.graph_validate(configurations, {"result_format": _RESULT_FORMAT, "catch_exceptions": True})
    except Exception as error:  # noqa: BLE001  (whatever the library raises may quote a value)
        message = f"the suite {suite.name} could not be evaluated ({type(error).__name__}); run `tutela plan check`"
        raise PolicyError(message) from None


def _results(found: Iterable[ExpectationValidationResult], suite: Suite) -> dict[str, ExpectationValidationResult]:
    results = {result.expectation_config.meta["id"]: result for result in found if result.expectation_config}
    for rule in suite.rules:
        result = results.get(rule.id)
        if result is None or _raised(result.exception_info) or "unexpected_count" not in result.result:
            message = f"expectation {rule.id} of the suite {suite.name} could not be evaluated; no row passed it"
            raise PolicyError(message)
    return {rule.id: results[rule.id] for rule in suite.rules}


def _raised(info: Mapping[str, Any]) -> bool:
    """Tell whether an exception was caught: one of the expectation's, or one for each of its metrics."""
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return bool(info)


def _failed_rows(result: ExpectationValidationResult) -> Rows:
    listed = result.result["unexpected_index_list"]
    rows = np.sort(np.asarray(listed[0][ROW] if listed else [], dtype=np.int64))
    if len(rows) != result.result["unexpected_count"]:
        # The library caps some lists; a capped one would let rows through unseen.
        message = "the list of failed rows is incomplete; this version of Great Expectations can't be used"
        raise PolicyError(message)
    return rows


def _score(rule: Rule, result: ExpectationValidationResult, rows: Rows) -> Score:
    missing = result.result.get("missing_count") or 0
    evaluated = int(result.result["element_count"]) - int(missing)
    return Score(rule.id, rule.column, rule.dimension, rule.severity, evaluated, len(rows))


def _document(suite: Suite, ordered: list[ExpectationValidationResult], rows: int, at: datetime) -> dict[str, Any]:
    entries = [entry(_configuration(result), result.result) for result in ordered]
    return document(suite.name, entries, rows=rows, at=at.isoformat(), version=gx.__version__)


def _configuration(result: ExpectationValidationResult) -> dict[str, Any]:
    return result.expectation_config.to_json_dict() if result.expectation_config else {}
