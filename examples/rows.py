"""The rows of the three example deliveries, as text columns: clean first, then with their mistakes.

Column names are those of the plans in ``policy/plans/``; `examples.generate` writes them under their Chinese headings.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from examples import dirt
from examples import identities as who
from pipelines.policy import Duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from examples.identities import Numbers, Pools, Text

SEASON = np.datetime64("2025-01-01")
"""The first day of the second version of notices."""
CONSENT = ("consent_notice", "consent_at", "consent_until", "consent_method", "consent_purposes")
SHARED = ("past_retention", "missing_consent", "full_width", "null_words", "wrong_check", "expired_consent",
          "unknown_notice", "swapped", "duplicate", "id_in_remark")  # fmt: skip
COUNTER_CASES = (*SHARED, "spaced_mobile", "other_dates", "missing_mobile")
PARTNER_CASES = (*SHARED, "missing_mobile")
WEB_CASES = (*SHARED, "spaced_mobile", "purpose_not_ticked", "missing_mobile", "outside_field")
OVERLAP = 5
"""One web registration in so many is by a customer of the counter."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The times and consent of one plan's rows."""

    notices: tuple[str, str]
    """Before and since the season."""
    consent: Duration
    kept: Duration
    """Retention; rows past it ended between a month and ``stale_days`` before."""
    stale_days: int
    fresh_days: int
    """All other rows were collected within so many days: the delivery's rhythm."""
    method: tuple[str, ...]
    purposes: str


TERMS: Mapping[str, Terms] = {
    "counter": Terms(("N-COUNTER-1", "N-COUNTER-2"), Duration(years=10), Duration(years=3), 600, 25,
                     ("wet_signature", "e_signature"), "account_service"),
    "partner": Terms(("N-PARTNER-1", "N-PARTNER-1"), Duration(years=5), Duration(years=2), 600, 300,
                     ("e_signature",), "supplier_cooperation"),
    "web": Terms(("N-WEB-1", "N-WEB-2"), Duration(years=3), Duration(months=24), 300, 6,
                 ("checkbox",), "membership;marketing"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes rows; the same maker gives the same rows for the same numbers."""

    seed: int
    as_of: dt.date
    pools: Pools

    def person(self, numbers: Numbers) -> dirt.Columns:
        """Return who the numbered persons are."""
        identity, birth, sex = who.resident_ids(numbers, self.seed)
        return {
            "name": who.names(numbers, self.seed, self.pools),
            "sex": sex,
            "birth_date": birth,
            "id_number": identity,
            "mobile": who.mobiles(numbers, self.seed),
            "email": who.emails(numbers, self.seed),
        }

    def meta(self, kind: str, numbers: Numbers, stale: npt.NDArray[np.bool_]) -> dirt.Columns:
        """Return consent and events; ``stale`` rows are past their retention."""
        terms, today = TERMS[kind], np.datetime64(self.as_of, "D")
        ago = who.mix(numbers, self.seed + 40)
        age = ago % np.uint64(terms.fresh_days) + np.uint64(1)
        collected = today - age.astype("timedelta64[D]")
        active = today - ((ago >> np.uint64(32)) % age + np.uint64(1)).astype("timedelta64[D]")
        first_kept = _before(today, terms.kept)
        long_ago = first_kept - (ago % np.uint64(terms.stale_days) + np.uint64(30)).astype("timedelta64[D]")
        active, collected = (np.where(stale, long_ago, days) for days in (active, collected))
        old = pa.array(collected < SEASON)
        return {
            "consent_notice": pc.if_else(old, terms.notices[0], terms.notices[1]),
            "consent_at": who.dates(collected),
            "consent_until": who.dates(terms.consent.after_days(collected)),
            "consent_method": who.pick(pa.array(terms.method), numbers, self.seed + 41),
            "consent_purposes": pa.array([terms.purposes] * len(numbers)),
            "collected_at": who.dates(collected),
            "last_activity_at": who.dates(active),
        }

    def counter(self, numbers: Numbers, stale: npt.NDArray[np.bool_]) -> dirt.Columns:
        """Return clean rows of the counter."""
        person = self.person(numbers)
        return {
            "customer_name": person.pop("name"),
            **person,
            "address": who.addresses(numbers, self.seed, self.pools),
            "occupation": who.pick(self.pools.occupations, numbers, self.seed + 30),
            "monthly_income": _amounts(numbers, self.seed + 31, 3_000, 40_000),
            "bank_card": who.bank_cards(numbers, self.seed),
            "remark": self._sometimes(self.pools.remarks, numbers, 32),
            **self.meta("counter", numbers, stale),
        }

    def partner(self, numbers: Numbers, stale: npt.NDArray[np.bool_]) -> dirt.Columns:
        """Return clean rows of the data partner."""
        contacts = numbers + np.uint64(1 << 26)
        return {
            "company_name": who.companies(numbers, self.seed, self.pools),
            "uscc": who.credit_codes(numbers, self.seed),
            "legal_representative": who.names(numbers + np.uint64(1 << 27), self.seed, self.pools),
            "registered_address": who.registered_addresses(numbers, self.seed, self.pools),
            "industry": who.pick(self.pools.industries, numbers, self.seed + 33),
            "registered_capital": _amounts(numbers, self.seed + 34, 50, 20_000),
            "annual_revenue": _amounts(numbers, self.seed + 35, 100, 90_000),
            "contact_name": who.names(contacts, self.seed, self.pools),
            "contact_mobile": who.mobiles(contacts, self.seed),
            "contact_email": who.emails(contacts, self.seed),
            "remark": self._sometimes(self.pools.remarks, numbers, 36),
            **self.meta("partner", numbers, stale),
        }

    def web(self, numbers: Numbers, stale: npt.NDArray[np.bool_]) -> dirt.Columns:
        """Return clean registrations."""
        address = who.mix(numbers, self.seed + 37)
        octets = [(address >> np.uint64(8 * place)) % np.uint64(254) + np.uint64(1) for place in range(3)]
        texts = [pa.array(octet.astype(np.int64)).cast(pa.string()) for octet in octets]
        return {
            **self.person(numbers),
            "city": who.pick(self.pools.cities, numbers, self.seed + 38),
            "interests": who.pick(self.pools.interests, numbers, self.seed + 39),
            "client_ip": pc.binary_join_element_wise("10", *texts, "."),
            "message": self._sometimes(self.pools.remarks, numbers, 42),
            **self.meta("web", numbers, stale),
        }

    def _sometimes(self, pool: Text, numbers: Numbers, salt: int) -> Text:
        said = pa.array(who.mix(numbers, self.seed + salt + 60) % np.uint64(2) == 0)
        return pc.if_else(said, who.pick(pool, numbers, self.seed + salt), pa.scalar(None, pa.string()))

    def spoil(self, kind: str, columns: dirt.Columns, cases: dirt.Cases, part: slice) -> dirt.Columns:
        """Plant the mistakes of one part of a file; rows past retention are made so by `meta`."""

        def mask(case: str) -> npt.NDArray[np.bool_]:
            return cases.mask(case, part)

        name, key, mobile, note = _PARTS[kind]
        dirt.blank(columns, CONSENT, mask("missing_consent"))
        dirt.blank(columns, (mobile,), mask("missing_mobile"))
        self._spoil_consent(columns, mask("expired_consent"))
        dirt.put(columns, "consent_notice", mask("unknown_notice"), "N-UNKNOWN-9")
        dirt.put(columns, "consent_purposes", mask("purpose_not_ticked"), "membership")
        dirt.change(columns, key, mask("wrong_check"), dirt.wrong_last)
        dirt.swap(columns, name, mobile, mask("swapped"))
        dirt.change(columns, mobile, mask("spaced_mobile"), dirt.spaced)
        for column in (mobile, "id_number", "monthly_income"):
            dirt.change(columns, column, mask("full_width"), dirt.wide)
        dirt.change(columns, "birth_date", mask("other_dates"), dirt.other_dates)
        dirt.put(columns, note, mask("null_words"), "无")
        dirt.put(columns, "email", mask("null_words"), "N/A")
        dirt.put(columns, "contact_email", mask("null_words"), "N/A")
        dirt.change(columns, note, mask("id_in_remark"), lambda cells: self._remarks_with_id(len(cells), part.start))
        return columns

    def _spoil_consent(self, columns: dirt.Columns, expired: npt.NDArray[np.bool_]) -> None:
        ended = (self.as_of - dt.timedelta(days=10)).isoformat()
        given = (self.as_of - dt.timedelta(days=390)).isoformat()
        dirt.put(columns, "consent_until", expired, ended)
        for column in ("consent_at", "collected_at"):
            dirt.put(columns, column, expired, given)

    def _remarks_with_id(self, count: int, start: int) -> Text:
        others = np.arange(count, dtype=np.uint64) + np.uint64((1 << 28) + start)
        return pc.binary_join_element_wise("代办人身份证", who.resident_ids(others, self.seed)[0], "已登记", "")


_PARTS = {
    "counter": ("customer_name", "id_number", "mobile", "remark"),
    "partner": ("company_name", "uscc", "contact_mobile", "remark"),
    "web": ("name", "id_number", "mobile", "message"),
}
"""Kind of delivery → its columns of name, identifier with check digit, phone, free text."""


def _amounts(numbers: Numbers, salt: int, least: int, most: int) -> Text:
    amount = who.mix(numbers, salt) % np.uint64(most - least) + np.uint64(least)
    return pa.array(amount.astype(np.int64)).cast(pa.string())


def _before(day: np.datetime64, kept: Duration) -> np.datetime64:
    """Return a day from which the duration has surely passed."""
    months = kept.in_months or 0
    return day - np.timedelta64(months * 31 - months // 2, "D")
