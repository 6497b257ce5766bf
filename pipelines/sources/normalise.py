"""Bring cells that mean the same to the same form: trimmed, without null words, half-width, dates in ISO.

Conservative: a value is only rewritten where the result is of the expected form, so nothing is repaired that a steward
should see. Whole columns at a time; cells that are in order are not touched. Not for judging values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.records import META_COLUMNS
from pipelines.sources.chunks import TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from pipelines.policy import Plan
    from pipelines.sources.chunks import Column

BLANKS = "".join(
    chr(code) for code in (*range(9, 14), 0x20, 0x85, 0xA0, *range(0x2000, 0x200C), 0x202F, 0x3000, 0xFEFF)
)
NULL_WORDS = pa.array(["", "N/A", "n/a", "#N/A", "NULL", "null", "Null", "无", "-", "--", "—", "——"], TEXT)
LONGEST_NULL_WORD = 6
"""In bytes; only cells so short are looked up."""
_INNER = r"[\s\x{00A0}\x{3000}\-\x{2010}-\x{2015}.·()]"
_DATE = (
    r"^(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})日?"
    r"[T\s]*(?P<t>(?:\d{1,2}:\d{2}[0-9:.+\-Z]*)?)$"
)
_COMPACT_DATE = r"^(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?P<t>)$"


def normalise(frame: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Return the arranged frame with its cells in their normal form; the given frame is left as it is.

    A record that names no later business with the customer was last active when it was collected.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False)
    kinds = {field.name: ITEM_KINDS.get(field.item) for field in plan.fields} | dict(META_KINDS)
    columns: dict[str, Column] = {}
    for name in frame.columns:
        column = _without_null_words(_trimmed(table.column(name).combine_chunks().cast(TEXT)))
        tidy = kinds.get(name)
        columns[name] = tidy(column) if tidy and column.null_count < len(column) else column
    columns["last_activity_at"] = pc.coalesce(columns["last_activity_at"], columns["collected_at"])
    tidied: pd.DataFrame = pa.Table.from_pydict(columns).to_pandas()
    tidied.index = frame.index
    return tidied


def _trimmed(column: Column) -> Column:
    return pc.utf8_trim(column, characters=BLANKS)


def _without_null_words(column: Column) -> Column:
    short = pc.less_equal(pc.binary_length(column), LONGEST_NULL_WORD)
    if not pc.any(short).as_py():
        return column
    null = pc.and_(short, pc.is_in(column, value_set=NULL_WORDS))
    return pc.if_else(pc.fill_null(null, False), pa.scalar(None, TEXT), column)  # noqa: FBT003 - Arrow's


def _where(column: Column, mask: Column, change: Callable[[Column], Column]) -> Column:
    """Change only the cells that the mask picks."""
    picked = pc.fill_null(mask, False)  # noqa: FBT003 - Arrow's
    if not pc.any(picked).as_py():
        return column
    return pc.replace_with_mask(column, picked, change(column.filter(picked)))


def _half_width(column: Column) -> Column:
    wide = pc.invert(pc.string_is_ascii(column))
    return _where(column, wide, lambda cells: _trimmed(pc.utf8_normalize(cells, form="NFKC")))


def _if_becomes(pattern: str, cells: Column, changed: Column) -> Column:
    return pc.if_else(pc.match_substring_regex(changed, pattern), changed, cells)


def _identity_number(column: Column) -> Column:
    column = _half_width(column)
    odd = pc.invert(pc.match_substring_regex(column, r"^[0-9A-Z]*$"))
    return _where(column, odd, _bare_number)


def _bare_number(cells: Column) -> Column:
    bare = pc.ascii_upper(pc.replace_substring_regex(cells, r"[\s\-]", ""))
    return _if_becomes(r"^[\x{4E00}-\x{9FFF}]?[0-9A-Z]+$", cells, bare)  # a vehicle plate begins with a province


def _phone(column: Column) -> Column:
    column = _half_width(column)
    odd = pc.invert(pc.match_substring_regex(column, r"^1\d{10}$"))
    return _where(column, odd, _bare_mobile)


def _bare_mobile(cells: Column) -> Column:
    bare = pc.replace_substring_regex(cells, _INNER, "")
    bare = pc.replace_substring_regex(bare, r"^(?:\+|00)?86(1\d{10})$", r"\1")
    return _if_becomes(r"^1\d{10}$", cells, bare)


def _card(column: Column) -> Column:
    column = _half_width(column)
    odd = pc.invert(pc.match_substring_regex(column, r"^\d*$"))
    return _where(
        column, odd, lambda cells: _if_becomes(r"^\d{12,19}$", cells, pc.replace_substring_regex(cells, r"[\s\-]", ""))
    )


def _email(column: Column) -> Column:
    return pc.ascii_lower(_half_width(column))


def _date(column: Column) -> Column:
    column = _half_width(column)
    odd = pc.invert(pc.match_substring_regex(column, r"^\d{4}-\d{2}-\d{2}(?:$|[T ])"))
    return _where(column, odd, lambda cells: _iso(_iso(cells, _DATE), _COMPACT_DATE))


def _iso(cells: Column, pattern: str) -> Column:
    parts = pc.extract_regex(cells, pattern)
    year, month, day, time = (pc.struct_field(parts, name) for name in "ymdt")
    month, day = (pc.utf8_lpad(part, 2, "0") for part in (month, day))
    date = pc.binary_join_element_wise(year, month, day, pa.scalar("-", TEXT))
    full = pc.if_else(pc.equal(time, ""), date, pc.binary_join_element_wise(date, time, pa.scalar(" ", TEXT)))
    return pc.coalesce(full, cells)


def _purposes(column: Column) -> Column:
    other = pc.match_substring_regex(column, r"[^A-Za-z0-9_;]")
    return _where(column, other, lambda cells: pc.replace_substring_regex(cells, r"[\s,，、；|/+]+", ";"))


ITEM_KINDS: Mapping[str, Callable[[Column], Column]] = {
    "resident_id": _identity_number,
    "passport": _identity_number,
    "travel_permit": _identity_number,
    "driving_licence": _identity_number,
    "social_security": _identity_number,
    "vehicle_plate": _identity_number,
    "uscc": _identity_number,
    "mobile": _phone,
    "enterprise_contact_mobile": _phone,
    "email": _email,
    "enterprise_contact_email": _email,
    "bank_card": _card,
    "bank_account": _card,
    "enterprise_account": _card,
    "birth_date": _date,
    "landline": _half_width,
    "postal_code": _half_width,
    "income": _half_width,
    "assets": _half_width,
    "amount": _half_width,
    "age": _half_width,
    "registered_capital": _half_width,
    "enterprise_finance": _half_width,
    "ip_address": _half_width,
    "mac_address": _half_width,
    "device_id": _half_width,
}
"""Item → how its cells are brought to their form. Names, addresses and free text stay as they were written."""
META_KINDS: Mapping[str, Callable[[Column], Column]] = {
    **dict.fromkeys((name for name in META_COLUMNS if name.endswith(("_at", "_until"))), _date),
    "consent_purposes": _purposes,
}
