"""Expectations that Great Expectations lacks, for its pandas engine: Chinese identifiers, cards, dates, agreement.

Usable in any Great Expectations project: importing this package registers the classes, and nothing here knows Tutela.
All rules work on the bytes of a whole column at once; missing values always pass (``not_be_null`` is the rule for
those). One expectation a file; the file's docstring cites the source of its rule.
"""

from pipelines.quality.expectations.agreement import (
    ExpectBirthDateToAgreeWithResidentId,
    ExpectSexToAgreeWithResidentId,
)
from pipelines.quality.expectations.amount import ExpectColumnValuesToBeAmounts
from pipelines.quality.expectations.calendar_date import ExpectColumnValuesToBeCalendarDates
from pipelines.quality.expectations.luhn import ExpectColumnValuesToPassLuhn
from pipelines.quality.expectations.mobile import ExpectColumnValuesToBeCnMobiles
from pipelines.quality.expectations.recent import ExpectColumnValuesToBeRecent
from pipelines.quality.expectations.resident_id import ExpectColumnValuesToBeCnResidentIds
from pipelines.quality.expectations.uscc import ExpectColumnValuesToBeCnUsccs

__all__ = [
    "ExpectBirthDateToAgreeWithResidentId",
    "ExpectColumnValuesToBeAmounts",
    "ExpectColumnValuesToBeCalendarDates",
    "ExpectColumnValuesToBeCnMobiles",
    "ExpectColumnValuesToBeCnResidentIds",
    "ExpectColumnValuesToBeCnUsccs",
    "ExpectColumnValuesToBeRecent",
    "ExpectColumnValuesToPassLuhn",
    "ExpectSexToAgreeWithResidentId",
]
