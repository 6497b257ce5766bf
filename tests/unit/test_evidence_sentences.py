"""The ledger in sentences: every kind of entry has one in each language, made of fields that its entries have."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from evidence_world import DAWN, SCHEDULE, a_case, a_morning, told

from pipelines.evidence import entries
from pipelines.evidence.entries import Entry, EntryKind
from pipelines.evidence.sentences import PATTERNS, tell
from pipelines.evidence.words import KINDS, LANGUAGES
from pipelines.records import Origin, Outcome

DAY = DAWN.date()
ORIGIN = Origin("web_registrations", "r", UUID("7e1f0000-5d3c-4a5b-8c11-0123456789ab"), 3)
FOUND = [{"field": "mobile", "kind": "mis_declaration", "found": None}]
NAMES = {
    "zh": {"web_registrations": "网络注册会员", "mobile.format": "手机号为 11 位", "R-REL": "客户关系终止后三年"},
    "en": {"web_registrations": "Members from the web", "mobile.format": "A mobile number has 11 digits"},
}
BUILT: tuple[Entry, ...] = (
    *a_morning(),
    *told(a_case()),
    entries.evidence_exported(9, SCHEDULE, "auditor", DAWN),
    entries.evidence_verified(60_231, SCHEDULE, "PASS", "auditor", DAWN),
    entries.rows_refused(ORIGIN, "consent_expired", 1, DAWN),
    entries.rows_quarantined(ORIGIN, "mobile.format", 1_214, DAWN),
    entries.run_finished(Outcome("web_registrations", "r", 1_300, {"no_consent": 3}, {"a": 7, "b": 1}, 1_289), DAWN),
    entries.findings_recorded(ORIGIN, FOUND, DAWN),
    entries.row_revealed("RV-1", "web_registrations", str(ORIGIN.delivery), "mobile", "steward", DAWN),
    entries.rows_decided(
        "QD-1", "accepted", "web_registrations", SCHEDULE, {"accepted_as_is": 10}, ("steward", ["a", "b"]), DAWN
    ),
    entries.plan_reclassified("web_registrations", "f" * 63 + "1", (2, 20_000), FOUND, DAWN),
    entries.column_corrected("CC-1", "web_registrations", "mobile", "overridden", None, 1, [], "steward", DAWN),
    entries.month_reported("2026-05", [{"department": "sales", "quality": 999_001}], "f" * 63 + "1", "schedule", DAWN),
    entries.consent_recorded(SCHEDULE, 20, "N-WEB-1", DAWN),
    entries.consent_withdrawn("7e1f0000-5d3c-4a5b-8c11-0123456789ab", {"marketing", "membership"}, DAWN),
    entries.standing_approval("SA-1", SCHEDULE, "leader", DAY, DAWN),
    entries.destruction_rejected("DS-1", SCHEDULE, "AP-1", "leader", DAWN),
    entries.destruction_failed("DS-1", "approved", "manifest_changed", DAWN),
    entries.erasure_requested("RQ-1", "request", 1, "requester", DAWN),
    entries.hold_added("HD-1", "privacy_officer", DAY, DAWN),
    entries.hold_released("HD-1", "privacy_officer", DAWN, 12),
    entries.records_held(DAY, 5, DAWN),
    entries.records_restricted(DAY, 1, DAWN),
    entries.records_reviewed(DAY, 2, DAWN),
    entries.retention_event("EV-1", "activity", DAY, None, {"records": 4}, DAWN),
    entries.records_rescheduled("web_registrations", "R-REL", "f" * 63 + "1", 9, DAWN),
    entries.rule_in_force("web_registrations", "R-REL", "f" * 63 + "1", SCHEDULE, DAWN),
    entries.derivative_registered("DV-1", "export", DAY, 3, "steward", DAWN),
    entries.derivatives_destroyed({"export": 2}, "expirer", DAWN),
    entries.notice_raised("DN-1", "DV-1", None, "hexin", 3, "f" * 63 + "1", DAWN),
    entries.notice_acknowledged("DN-1", "destroyed", "f" * 63 + "1", "steward", DAWN),
    entries.work_order_raised("WO-1", "DV-1", "DS-1", "shred", 3, "f" * 63 + "1", DAWN),
    entries.work_order_completed("WO-1", "shred", "keeper", ["one", "two"], ["f" * 63 + "1"], DAWN),
    entries.backup_created("BK-1", 512, SCHEDULE, 9, 2, "kek-2", DAY, "schedule", DAWN),
    entries.backup_removed("BK-1", "expired", DAWN),
    entries.backup_restored("RS-1", "BK-1", (9, 12), 2, {"lost": {"destructions": 1}}, DAWN),
    entries.restore_drilled("BK-1", {"keys": "PASS", "ledger": "FAILED"}, 812, DAWN),
)
EXAMPLES = [
    ("evidence.verified", "auditor 核验了证据链的前 60,231 条：通过。", "auditor had the first 60,231 entries verified: passed."),
    ("ingest.rows_quarantined", "网络注册会员 有 1,214 行进入隔离区：手机号为 11 位。",
     "1,214 rows of Members from the web quarantined: A mobile number has 11 digits."),
    ("ingest.rows_refused", "网络注册会员 有 1 行被拒收：同意已过期。", "1 row of Members from the web refused: consent expired."),
    ("ingest.run_finished", "网络注册会员 的一次采集结束：到达 1,300 行，入库 1,289 行，拒收 3 行，隔离 8 行。",
     "A run of Members from the web ended: 1,300 arrived, 1,289 stored, 3 refused, 8 quarantined."),
    ("hold.added", "privacy_officer 设立法律保留 HD-1，2026-01-05 复核。",
     "privacy_officer placed the legal hold HD-1, to be reviewed on 2026-01-05."),
    ("backup.drilled", "用备份 BK-1 做了恢复演练，检查 2 项，未通过：ledger。",
     "A restore of BK-1 was drilled and 2 things looked at; not right: ledger."),
    ("work_order.completed", "keeper 办结销毁作业单 WO-1（shred），监销人 one、two。",
     "keeper completed the work order WO-1 (shred) before the eyes of one, two."),
]  # fmt: skip


def test_every_kind_has_its_sentence_in_both_languages() -> None:
    assert {kind.value for kind in EntryKind} == {kind.value for kind in PATTERNS}
    assert {kind.value for kind in EntryKind} == {kind.value for kind in KINDS}
    assert all(all(pattern) and len(pattern) == len(LANGUAGES) for pattern in PATTERNS.values())


@pytest.mark.parametrize("entry", BUILT, ids=lambda entry: entry.kind.value)
def test_a_sentence_speaks_only_of_what_its_entries_have(entry: Entry) -> None:
    for language, pattern in zip(LANGUAGES, PATTERNS[entry.kind], strict=True):
        said = tell(entry.kind, entry.body, language, NAMES[language])
        always = re.sub(r"\[[^\]]*\]", "", pattern)
        assert set(re.findall(r"\{(\w+)", always)) <= set(entry.body)
        assert not set("{}[]") & set(said)
        assert said.endswith("。" if language == "zh" else ".")


@pytest.mark.parametrize(("kind", "zh", "en"), EXAMPLES, ids=[case[0] for case in EXAMPLES])
def test_a_sentence_is_plain(kind: str, zh: str, en: str) -> None:
    entry = [entry for entry in BUILT if entry.kind == kind][-1]
    assert tell(entry.kind, entry.body, "zh", NAMES["zh"]) == zh
    assert tell(entry.kind, entry.body, "en", NAMES["en"]) == en


def test_both_languages_say_the_same_of_an_entry() -> None:
    for zh, en in PATTERNS.values():
        fields = [set(re.findall(r"\{(\w+)", pattern)) for pattern in (zh, en)]
        assert fields[0] == fields[1]
