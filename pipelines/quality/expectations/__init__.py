"""Expectations that Great Expectations lacks, for its pandas engine: Chinese identifiers and places, dates, agreement.

Usable in any Great Expectations project (1.x): importing this package registers the classes, and nothing here imports
anything else of Tutela, only numpy, pandas, pyarrow, python-stdnum and (for area codes of telephones) phonenumbers::

    import great_expectations as gx
    from pipelines.quality import expectations as cn

    frame = gx.get_context(mode="ephemeral").data_sources.add_pandas("data").add_dataframe_asset("customers")
    batch = frame.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": customers})
    batch.validate(cn.ExpectColumnValuesToBeCnResidentIds(column="id_number")).success

What holds for all of them:

* Columns are text. Missing values always pass; ``ExpectColumnValuesToNotBeNull`` is the rule for those.
* Time is handed in (``at=``, ISO 8601, or a suite parameter) and never read from a clock; dates are civil dates in China.
* A rule that compares two columns judges a row only where both can be read: that each is well-formed is another
  expectation's business, so one slip is told once.
* They work on the bytes of a whole column at once, in linear time; a million values take from 0.1 to 2 seconds.
* ``mostly``, ``row_condition``, ``severity`` and result formats work as everywhere in Great Expectations.

One expectation a file; the file's docstring cites the source of its rule.
"""

from pipelines.quality.expectations.age import ExpectAgeToAgreeWithBirth, ExpectColumnValuesToBeOfAge
from pipelines.quality.expectations.agreement import (
    ExpectBirthDateToAgreeWithResidentId,
    ExpectSexToAgreeWithResidentId,
)
from pipelines.quality.expectations.amount import ExpectColumnValuesToBeAmounts
from pipelines.quality.expectations.area_code import ExpectColumnValuesToHoldCnAreas
from pipelines.quality.expectations.calendar_date import ExpectColumnValuesToBeCalendarDates
from pipelines.quality.expectations.city import ExpectColumnValuesToBeCnCities
from pipelines.quality.expectations.email import ExpectColumnValuesToBeEmails
from pipelines.quality.expectations.entered import ExpectColumnValuesToBeEnteredInTime
from pipelines.quality.expectations.filler import ExpectColumnValuesNotToBeFiller
from pipelines.quality.expectations.ip_address import ExpectColumnValuesToBeIpAddresses
from pipelines.quality.expectations.luhn import ExpectColumnValuesToPassLuhn
from pipelines.quality.expectations.mobile import ExpectColumnValuesToBeCnMobiles
from pipelines.quality.expectations.order import ExpectMomentNotToBeBefore
from pipelines.quality.expectations.phone import ExpectColumnValuesToBeCnPhones
from pipelines.quality.expectations.place import ExpectPlaceToAgreeWithAreaCode
from pipelines.quality.expectations.readable import ExpectColumnValuesToBeReadable
from pipelines.quality.expectations.recent import ExpectColumnValuesToBeRecent
from pipelines.quality.expectations.resident_id import ExpectColumnValuesToBeCnResidentIds
from pipelines.quality.expectations.unmarked import ExpectColumnValuesToBeUnmarked
from pipelines.quality.expectations.uscc import ExpectColumnValuesToBeCnUsccs

__all__ = [
    "ExpectAgeToAgreeWithBirth",
    "ExpectBirthDateToAgreeWithResidentId",
    "ExpectColumnValuesNotToBeFiller",
    "ExpectColumnValuesToBeAmounts",
    "ExpectColumnValuesToBeCalendarDates",
    "ExpectColumnValuesToBeCnCities",
    "ExpectColumnValuesToBeCnMobiles",
    "ExpectColumnValuesToBeCnPhones",
    "ExpectColumnValuesToBeCnResidentIds",
    "ExpectColumnValuesToBeCnUsccs",
    "ExpectColumnValuesToBeEmails",
    "ExpectColumnValuesToBeEnteredInTime",
    "ExpectColumnValuesToBeIpAddresses",
    "ExpectColumnValuesToBeOfAge",
    "ExpectColumnValuesToBeReadable",
    "ExpectColumnValuesToBeRecent",
    "ExpectColumnValuesToBeUnmarked",
    "ExpectColumnValuesToHoldCnAreas",
    "ExpectColumnValuesToPassLuhn",
    "ExpectMomentNotToBeBefore",
    "ExpectPlaceToAgreeWithAreaCode",
    "ExpectSexToAgreeWithResidentId",
]
