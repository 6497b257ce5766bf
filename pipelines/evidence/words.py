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
        "partitions": ("月度分区", "monthly partitions"),
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

K = EntryKind
KINDS: Mapping[EntryKind, tuple[str, str]] = MappingProxyType(
    {
        K.HOME_INITIALISED: ("平台启用", "Installation"),
        K.BATCH_STORED: ("批次入库", "Batch stored"),
        K.ROWS_REFUSED: ("拒收", "Rows refused"),
        K.ROWS_QUARANTINED: ("进入隔离区", "Rows quarantined"),
        K.ROW_REVEALED: ("查看明文", "Value revealed"),
        K.ROWS_DECIDED: ("隔离行处理", "Quarantine decided"),
        K.RUN_FINISHED: ("采集结束", "Run finished"),
        K.FINDINGS_RECORDED: ("识别不符", "Findings"),
        K.PLAN_RECLASSIFIED: ("重新识别", "Looked at again"),
        K.COLUMN_CORRECTED: ("分类更正", "Column corrected"),
        K.MONTH_REPORTED: ("月度报告", "Month reported"),
        K.CONSENT_RECORDED: ("同意登记", "Consent recorded"),
        K.CONSENT_WITHDRAWN: ("同意撤回", "Consent withdrawn"),
        K.STANDING_APPROVAL: ("常设批准", "Standing approval"),
        K.DESTRUCTION_APPLIED: ("销毁申请", "Destruction applied for"),
        K.DESTRUCTION_APPROVED: ("销毁批准", "Destruction approved"),
        K.KEYS_DESTROYED: ("密钥销毁", "Keys destroyed"),
        K.ROWS_REMOVED: ("数据清除", "Rows removed"),
        K.DESTRUCTION_VERIFIED: ("监销核验", "Destruction verified"),
        K.DESTRUCTION_CONFIRMED: ("销毁确认", "Destruction confirmed"),
        K.DESTRUCTION_FAILED: ("销毁中止", "Destruction stopped"),
        K.DESTRUCTION_REJECTED: ("销毁否决", "Destruction rejected"),
        K.ERASURE_REQUESTED: ("申请受理", "Destruction requested"),
        K.GENERATION_CREATED: ("根密钥生成", "Root key created"),
        K.GENERATION_DESTROYED: ("根密钥销毁", "Root key destroyed"),
        K.BACKUP_CREATED: ("备份", "Backup made"),
        K.BACKUP_REMOVED: ("备份销毁", "Backup destroyed"),
        K.BACKUP_RESTORED: ("恢复", "Backup restored"),
        K.RESTORE_DRILLED: ("恢复演练", "Restore drill"),
        K.HOLD_ADDED: ("设立法律保留", "Legal hold placed"),
        K.HOLD_RELEASED: ("解除法律保留", "Legal hold released"),
        K.RECORDS_HELD: ("法律保留", "Records held"),
        K.RECORDS_RESTRICTED: ("限制使用", "Records restricted"),
        K.RECORDS_REVIEWED: ("期限复核", "Records reviewed"),
        K.RETENTION_EVENT: ("保存期限事件", "Retention event"),
        K.RECORDS_RESCHEDULED: ("期限调整", "Records rescheduled"),
        K.RULE_IN_FORCE: ("期限生效", "Retention rule in force"),
        K.EVIDENCE_EXPORTED: ("证据导出", "Evidence exported"),
        K.EVIDENCE_VERIFIED: ("证据核验", "Evidence verified"),
        K.DERIVATIVE_REGISTERED: ("副本登记", "Copy registered"),
        K.DERIVATIVES_DESTROYED: ("副本销毁", "Copies destroyed"),
        K.NOTICE_RAISED: ("销毁通知", "Notice raised"),
        K.NOTICE_ACKNOWLEDGED: ("通知答复", "Notice answered"),
        K.WORK_ORDER_RAISED: ("作业单下达", "Work order raised"),
        K.WORK_ORDER_COMPLETED: ("作业单办结", "Work order completed"),
    }
)
"""What each kind is called, in the order of `EntryKind`."""
