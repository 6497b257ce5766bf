"""One plain sentence for each kind of entry, in Chinese and in English. Not for what an entry may hold: that is `entries`.

A sentence is a pattern. `{rows}` stands for a field of the body, `{rows:row}` for it with its English noun, `{refused.total}`
for the sum of counts, `{refused.list}` for them one by one, `{findings.len}` for how many there are. What stands in
square brackets is said only if everything in it is there and is not nothing. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pipelines.evidence.entry import EntryKind
from pipelines.evidence.words import LANGUAGES, PLURALS, WORDS

K = EntryKind
PATTERNS: Mapping[EntryKind, tuple[str, str]] = MappingProxyType(
    {
        K.HOME_INITIALISED: ("平台启用，安装编号 {origin}", "The installation {origin} came into being"),
        K.EVIDENCE_EXPORTED: ("{by} 导出了证据链的前 {size} 条", "{by} exported the first {size:entry} of the evidence"),
        K.EVIDENCE_VERIFIED: (
            "{by} 核验了证据链的前 {size} 条：{verdict}",
            "{by} had the first {size:entry} verified: {verdict}",
        ),
        K.BATCH_STORED: (
            "{plan} 的一批信息到达 {arrived} 行，入库 {stored} 行",
            "A batch of {plan} arrived with {arrived:row}; {stored} stored",
        ),
        K.ROWS_REFUSED: (
            "{plan} 有 {rows} 行被拒收：{reason}",
            "{rows:row} of {plan} refused: {reason}",
        ),
        K.ROWS_QUARANTINED: (
            "{plan} 有 {rows} 行进入隔离区：{expectation}",
            "{rows:row} of {plan} quarantined: {expectation}",
        ),
        K.ROW_REVEALED: (
            "{steward} 查看了 {plan} 隔离区一行的 {field} 明文",
            "{steward} looked at {field} of a quarantined row of {plan} in clear",
        ),
        K.ROWS_DECIDED: (
            "{steward} 处理了 {plan} 隔离区的 {rows} 行：{outcomes.list}",
            "{steward} decided about {rows:row} in the quarantine of {plan}: {outcomes.list}",
        ),
        K.RUN_FINISHED: (
            "{plan} 的一次采集结束：到达 {arrived} 行，入库 {stored} 行[，拒收 {refused.total} 行][，隔离 {quarantined.total} 行]",
            "A run of {plan} ended: {arrived} arrived, {stored} stored[, {refused.total} refused][, {quarantined.total} quarantined]",
        ),
        K.FINDINGS_RECORDED: (
            "{plan} 的一批信息与计划声明不符，共 {findings.len} 处",
            "A batch of {plan} is not what the plan declares, in {findings.len:place}",
        ),
        K.PLAN_RECLASSIFIED: (
            "{plan} 重新识别了 {batches} 批、{records} 条记录[，发现 {findings.len} 处不符]",
            "{plan} was looked at again: {batches:batch}, {records:record}[, {findings.len:finding}]",
        ),
        K.COLUMN_CORRECTED: (
            "{steward} 判定 {plan} 的字段 {field}：{decision}，{level} 级",
            "{steward} decided about {field} of {plan}: {decision}, level {level}",
        ),
        K.MONTH_REPORTED: (
            "{month} 的治理指标已编制，覆盖 {departments.len} 个部门",
            "The figures of {month} were drawn up for {departments.len:department}",
        ),
        K.CONSENT_RECORDED: (
            "按告知书 {notice} 登记了 {receipts} 份同意凭据",
            "{receipts:receipt} of consent recorded under the notice {notice}",
        ),
        K.CONSENT_WITHDRAWN: (
            "一位数据主体撤回了同意，涉及 {purposes.len} 项用途",
            "A data subject withdrew consent to {purposes.len:purpose}",
        ),
        K.STANDING_APPROVAL: (
            "{approver} 对保存期限表作出常设批准 {approval}，有效至 {valid_until}",
            "{approver} approved the retention schedule for every night until {valid_until} ({approval})",
        ),
        K.DESTRUCTION_APPLIED: (
            "{applicant} 提出销毁申请 {destruction}（{trigger}），共 {records} 条记录",
            "{applicant} applied for the destruction {destruction} of {records:record} ({trigger})",
        ),
        K.DESTRUCTION_APPROVED: (
            "{approver} 批准了销毁 {destruction}[，经由{door}]",
            "{approver} approved the destruction {destruction}[, by {door}]",
        ),
        K.DESTRUCTION_REJECTED: ("{approver} 否决了销毁 {destruction}", "{approver} rejected the destruction {destruction}"),
        K.KEYS_DESTROYED: (
            "{executor} 为销毁 {destruction} 销毁了 {keys.total} 个密钥，根密钥换为第 {new_generation} 代",
            "{executor} destroyed {keys.total:key} for {destruction}; the root key is now generation {new_generation}",
        ),
        K.ROWS_REMOVED: (
            "{executor} 为销毁 {destruction} 清除了：{removed.list}",
            "{executor} removed for {destruction}: {removed.list}",
        ),
        K.DESTRUCTION_VERIFIED: (
            "{witness} 监销核验 {destruction} 的 {checks.len} 项：{verdict}",
            "{witness} witnessed {destruction} and looked at {checks.len:thing}: {verdict}",
        ),
        K.DESTRUCTION_CONFIRMED: (
            "{confirmer} 确认销毁 {destruction}：{verdict}，销毁凭证已签发",
            "{confirmer} confirmed the destruction {destruction}: {verdict}; its certificate is signed",
        ),
        K.DESTRUCTION_FAILED: (
            "销毁 {destruction} 停在“{state}”一步：{reason}",
            "The destruction {destruction} stopped at the step “{state}”: {reason}",
        ),
        K.ERASURE_REQUESTED: (
            "{applicant} 提出销毁申请 {request}（{trigger}）[，涉及 {subjects} 位数据主体]",
            "{applicant} asked for destruction, {request} ({trigger})[, of {subjects:subject}]",
        ),
        K.GENERATION_CREATED: ("第 {generation} 代根密钥在密钥管理服务中生成", "Root key generation {generation} was created"),
        K.GENERATION_DESTROYED: (
            "第 {generation} 代根密钥已销毁，旧的密钥副本从此无法打开",
            "Root key generation {generation} was destroyed; no older copy of the keys can be opened any more",
        ),
        K.HOLD_ADDED: (
            "{owner} 设立法律保留 {hold}[（{plan} 全部记录）]，{review_on} 复核",
            "{owner} placed the legal hold {hold}[ on all records of {plan}], to be reviewed on {review_on}",
        ),
        K.HOLD_RELEASED: (
            "{by} 解除法律保留 {hold}[，{records} 条记录重新到期]",
            "{by} released the legal hold {hold}[; {records:record} due again]",
        ),
        K.RECORDS_HELD: (
            "{records} 条记录在 {as_of} 已到期，因法律保留暂不销毁",
            "{records:record} past retention on {as_of} kept by legal holds",
        ),
        K.RECORDS_RESTRICTED: (
            "{records} 条记录自 {as_of} 起只存储、不使用，因法律要求保存",
            "{records:record} may only be stored from {as_of} on, because a law keeps them",
        ),
        K.RECORDS_REVIEWED: (
            "{records} 条记录在 {as_of} 复核，保存期限已重新确定",
            "{records:record} reviewed on {as_of} and given another day",
        ),
        K.RETENTION_EVENT: (
            "登记了影响保存期限的事件：{event_kind}[，{on}][，{moved.total} 条记录因此移动]",
            "An event that retention counts from: {event_kind}[, {on}][; {moved.total:record} moved]",
        ),
        K.RECORDS_RESCHEDULED: (
            "{plan} 有 {records} 条记录改按“{class}”保存",
            "{records:record} of {plan} moved to the retention class “{class}”",
        ),
        K.RULE_IN_FORCE: (
            "{plan} 的全部记录已按“{class}”保存",
            "All records of {plan} lie under the retention class “{class}”",
        ),
        K.DERIVATIVE_REGISTERED: (
            "{by} 登记了一份衍生副本 {derivative}（{kind}），保存至 {until}",
            "{by} registered the copy {derivative} ({kind}), kept until {until}",
        ),
        K.DERIVATIVES_DESTROYED: ("{by} 销毁了到期的衍生副本：{copies.list}", "{by} destroyed copies whose time was up: {copies.list}"),
        K.NOTICE_RAISED: (
            "通知 {recipient} 销毁其副本（{notice}），涉及 {subjects} 位数据主体",
            "{recipient} was told to destroy its copy of {subjects:subject} ({notice})",
        ),
        K.NOTICE_ACKNOWLEDGED: ("{by} 收到对通知 {notice} 的答复：{outcome}", "{by} took the answer to {notice}: {outcome}"),
        K.WORK_ORDER_RAISED: (
            "下达销毁作业单 {work_order}，涉及 {subjects} 位数据主体，方法不低于：{least_method}",
            "Work order {work_order} raised for {subjects:subject}, by no weaker method than: {least_method}",
        ),
        K.WORK_ORDER_COMPLETED: (
            "{executor} 办结销毁作业单 {work_order}（{method}），监销人 {witnesses.names}",
            "{executor} completed the work order {work_order} ({method}) before the eyes of {witnesses.names}",
        ),
        K.BACKUP_CREATED: (
            "{by} 做了备份 {backup}，保存至 {expires_on}",
            "{by} made the backup {backup}, kept until {expires_on}",
        ),
        K.BACKUP_REMOVED: ("备份 {backup} 已销毁：{reason}", "The backup {backup} was destroyed: {reason}"),
        K.BACKUP_RESTORED: (
            "由备份 {backup} 恢复了数据库，证据链从 {ledger_size} 条补到 {journal_size} 条",
            "The database was restored from {backup}; its ledger grew from {ledger_size} to {journal_size:entry}",
        ),
        K.RESTORE_DRILLED: (
            "用备份 {backup} 做了恢复演练，检查 {checks.len} 项[，未通过：{checks.wrong}]",
            "A restore of {backup} was drilled and {checks.len:thing} looked at[; not right: {checks.wrong}]",
        ),
    }
)  # fmt: skip
_PLACE = re.compile(r"\{(\w+)(?:\.(\w+))?(?::(\w+))?\}")
_OPTIONAL = re.compile(r"\[([^\]]*)\]")


def tell(kind: EntryKind, body: Mapping[str, object], language: str, names: Mapping[str, str] | None = None) -> str:
    """Say in one sentence what an entry says.

    Args:
        kind: the entry's kind.
        body: its body.
        language: "zh" or "en".
        names: what plans, retention classes, rules and kinds of copies are called in that language; a code without a
            name stays as it is.
    """
    told = _Teller(body, language, names or {})
    pattern = PATTERNS[kind][LANGUAGES.index(language)]
    pattern = _OPTIONAL.sub(lambda part: part[1] if told.has_all(part[1]) else "", pattern)
    return _PLACE.sub(told.replace, pattern) + ("。" if language == "zh" else ".")


class _Teller:
    def __init__(self, body: Mapping[str, object], language: str, names: Mapping[str, str]) -> None:
        self._body, self._english, self._names = body, language == "en", names
        self._words = {code: both[LANGUAGES.index(language)] for code, both in WORDS.items()}

    def has_all(self, part: str) -> bool:
        """Tell whether all that a part of a pattern speaks of is there."""
        return all(self._value(place[1], place[2]) for place in _PLACE.finditer(part))

    def replace(self, place: re.Match[str]) -> str:
        """Say one field."""
        value = self._value(place[1], place[2])
        if place[3] and self._english:
            noun = place[3] if value == 1 else PLURALS.get(place[3], place[3] + "s")
            return f"{self._say(value)} {noun}"
        return self._say(value)

    def _value(self, key: str, part: str | None) -> object:
        value = self._body.get(key)
        if part is None:
            return value
        counts = value if isinstance(value, Mapping) else {}
        items = value if isinstance(value, Mapping | Sequence) and not isinstance(value, str) else ()
        match part:
            case "total":
                return sum(count for count in counts.values() if isinstance(count, int))
            case "list":
                return self._join([self._counted(what, count) for what, count in counts.items()])
            case "wrong":
                return self._join([self._say(what) for what, verdict in counts.items() if verdict != "PASS"])
            case "names":
                return self._join([str(item) for item in items])
        return len(items)

    def _say(self, value: object) -> str:
        if isinstance(value, int):
            return f"{value:,}"
        if value is None or value == "":
            return "nothing" if self._english else "无"
        return self._names.get(str(value)) or self._words.get(str(value)) or str(value)

    def _counted(self, what: str, count: object) -> str:
        said = (self._say(count), self._say(what)) if self._english else (self._say(what), self._say(count))
        return " ".join(said)

    def _join(self, said: Sequence[str]) -> str:
        return (", " if self._english else "、").join(said)
