"""Addresses of the Internet Protocol, version 4 or 6, as the standard library reads them (RFC 4291, no zone)."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Any, ClassVar

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from pipelines.quality.expectations.sentence import Sentence
from pipelines.quality.expectations.texts import judge_distinct, judge_pattern

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_FOUR = f"^(?:{_OCTET}[.]){{3}}{_OCTET}$"


def is_address(text: str) -> bool:
    """Tell whether a text is an address of version 4 or 6."""
    for kind in (IPv4Address, IPv6Address):
        try:
            kind(text)
        except AddressValueError:
            continue
        return "%" not in text
    return False


class ColumnValuesIpAddress(ColumnMapMetricProvider):
    """The metric behind :class:`ExpectColumnValuesToBeIpAddresses`."""

    condition_metric_name = "column_values.ip_address"
    filter_column_isnull = False  # missing values pass by themselves; filtering would copy the whole frame

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> pd.Series:  # noqa: N805
        passed = judge_pattern(column, _FOUR)
        rest = ~passed.to_numpy()
        if rest.any():
            passed[rest] = judge_distinct(column[rest], is_address)
        return passed


class ExpectColumnValuesToBeIpAddresses(Sentence, ColumnMapExpectation):
    """Expect IPv4 or IPv6 addresses."""

    map_metric: ClassVar[str] = "column_values.ip_address"
    sentence: ClassVar[str] = "be IPv4 or IPv6 addresses"
    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "tags": ["identifier"]}
