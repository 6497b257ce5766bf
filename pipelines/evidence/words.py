"""Codes that stand in the ledger, in words. Not for names that the policy gives: who tells an entry hands those in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pipelines.evidence.entry import EntryKind

LANGUAGES = ("zh", "en")
"""In the order in which words are given."""
PLURALS = {"entry": "entries", "batch": "batches", "subject": "data subjects"}
"""English plurals that don't merely end in s."""
WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # Verdicts.
        "PASS": ("通过", "passed"),
        "FAILED": ("未通过", "failed"),
        "UNKNOWN": ("无法判定", "can't be told"),
        # Why a row is refused.
        "already_received": ("此前已接收", "received before"),
        "payment_authentication": ("含支付鉴别信息", "holds payment authentication data"),
        "collected_outside_plan": ("采集时间不在计划有效期内", "collected outside the plan's time"),
        "no_consent": ("没有同意凭据", "no consent"),
        "unknown_notice": ("告知书不存在", "an unknown notice"),
        "notice_not_in_force": ("告知书当时未生效", "a notice that was not in force"),
        "consent_after_collection": ("同意晚于采集", "consent after the collection"),
        "consent_expired": ("同意已过期", "consent expired"),
        "purpose_not_covered": ("用途未获同意", "a purpose without consent"),
        "consent_withdrawn": ("同意已撤回", "consent withdrawn"),
        "retention.undated": ("缺少计算保存期限的日期", "no date that retention counts from"),
        # What came of quarantined rows that a steward decided about; the others stand below.
        "accepted_as_is": ("特批入库", "accepted as they are"),
        "quarantined_again": ("再次隔离", "quarantined again"),
        "no_longer_allowed": ("不再允许持有", "may not be held any more"),
        # Why something is destroyed, and by which door it was decided.
        "expiry": ("到期", "retention ended"),
        "request": ("依申请", "on request"),
        "steward": ("不再必要", "no longer needed"),
        "standing": ("常设批准", "the standing approval"),
        "command": ("命令行", "the command line"),
        "airflow": ("Airflow", "Airflow"),
        "console": ("控制台", "the console"),
        # States and obstacles of a destruction.
        "due": ("到期", "due"),
        "applied": ("已申请", "applied"),
        "approved": ("已批准", "approved"),
        "keys_destroyed": ("密钥已销毁", "keys destroyed"),
        "rows_removed": ("数据行已清除", "rows removed"),
        "verified": ("已核验", "verified"),
        "database_lost": ("数据库丢失", "the database was lost"),
        "not_covered": ("缺少有效批准", "no approval covers it"),
        "manifest_changed": ("清单已变化，须重新申请", "what it lists has changed"),
        # What is removed.
        "records": ("记录", "records"),
        "quarantined": ("隔离行", "quarantined rows"),
        "blind_indexes": ("索引", "blind indexes"),
        "subjects": ("数据主体", "data subjects"),
        "derivatives": ("衍生副本", "copies"),
        # What a steward or recipient says.
        "accepted": ("认可识别结果", "accepted as found"),
        "overridden": ("更正识别结果", "overridden"),
        "corrected": ("更正", "corrected"),
        "rejected": ("拒绝", "rejected"),
        "returned": ("退回部门", "sent back"),
        "destroyed": ("已销毁", "destroyed"),
        "not_held": ("未持有", "not held"),
        "refused": ("拒绝销毁", "refused"),
        # Events that retention counts from.
        "relationship_end": ("业务关系终止", "the relationship ended"),
        "consent_end": ("同意终止", "consent ended"),
        "activity": ("办理业务", "activity"),
        # Backups.
        "expired": ("到期", "its time was up"),
        "not_completed": ("未完成", "it was never completed"),
    }
)
