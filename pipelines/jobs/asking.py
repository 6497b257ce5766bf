"""Asks leaders, in Airflow, about destructions on request, and takes what they answer. Not for destroying.

Airflow is one door of three. Whichever is used first counts; the others are told. What an answer is worth is not judged
here: `approvals.decide` refuses whose it is not, and `destruction.destroy_one` asks once more.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pipelines.errors import ApprovalMissing, DestructionFailed
from pipelines.evidence.entries import actor
from pipelines.jobs import approvals, destruction
from pipelines.jobs.home import open_home
from pipelines.jobs.wiring import ANSWER_DAYS, ANSWERS, APPROVE
from pipelines.platform.required_actions import Answer, RequiredActions
from pipelines.policy import Policy
from pipelines.retention import decision
from pipelines.retention import job as jobs
from pipelines.retention.decision import Decision
from pipelines.retention.job import EXPIRY, REQUEST, Job
from pipelines.settings import Settings
from pipelines.store.database import Role

ORIGINS = {
    REQUEST: "个人申请 somebody asked for erasure",
    jobs.STEWARD: "数据管理员认定不再需要 a steward found it no longer needed",
}
HASH_LABEL = "清单哈希 Hash of the manifest"
_SHOWN = re.compile(re.escape(HASH_LABEL) + r" \| `([0-9a-f]{64})`")
WAITING = "applied"
ENDED = frozenset({"confirmed", "rejected"})


# --- asking ------------------------------------------------------------------------------------------------------


def ask(settings: Settings, actions: RequiredActions) -> dict[str, list[str]]:
    """Ask about every destruction that waits for a leader and is not asked about; take back what was decided elsewhere.

    Doing it again changes nothing.

    Raises:
        PlatformError: Airflow does not answer; the next call goes on.
    """
    # Runs first: one that begins in between finds out by itself whether there is anything to ask.
    runs = actions.under_way()
    waiting = {job["job_id"] for job in approvals.waiting(settings) if job["origin"] != EXPIRY}
    asked = [actions.ask(job) for job in sorted(waiting - set(runs.values()))]
    stale = [run for run in actions.unanswered() if run in runs and runs[run] not in waiting]
    for run in stale:
        actions.withdraw(run)
    return {"asked": asked, "withdrawn": stale}


def question(settings: Settings, name: str) -> dict[str, str] | None:
    """Put a destruction into words for a leader: names, counts and hashes; None where there is nothing to decide.

    Raises:
        UnknownReference: there is no such destruction.
        ApprovalMissing: its manifest is not the one that was applied for.
    """
    home = open_home(settings)
    with home.database.begin(Role.DESTROY) as tx:
        job, decided = jobs.load_in(tx, name), decision.decided(tx, name)
    home.database.close()
    if job.state != WAITING or decided is not None or job.origin == EXPIRY:
        return None
    return {"subject": _subject(job), "body": _body(job, home.policy)}


def _subject(job: Job) -> str:
    listed = job.manifest
    about = f"records: {listed.records:,}" + (f", subjects: {listed.subjects:,}" if listed.subjects else "")
    # The page of required actions shows some fifty characters.
    return f"销毁 {job.id}? {about}"


def _body(job: Job, policy: Policy) -> str:
    listed = job.manifest
    whose = "主体密钥 keys of subjects" if listed.subjects else "批组密钥 keys of cohorts"
    rows = {
        "销毁 Destruction": f"`{job.id}`",
        "来源 Origin": f"{ORIGINS[job.origin]} (`{job.request}`)",
        "申请人 Applicant": f"`{actor(job.applicant)}`, {job.as_of}",
        **_selected(job),
        "记录 Records": f"{listed.records:,} (隔离 quarantined: {listed.quarantined:,})",
        "将毁密钥 Keys to be blanked": f"{listed.keys:,} {whose}",
        "按计划 By plan": _counts(listed.by_plan),
        "按级别 By level": _counts(listed.by_level),
        "保存期限 Retention": "<br>".join(_kept(job, policy)),
        HASH_LABEL: f"`{job.manifest_hash}`",
    }
    table = "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows.items())])
    return f"{table}\n\n{RULES}"


RULES = f"""\
**Approve** 批准：以上全部内容立即销毁，不可恢复。All of the above is destroyed at once and for ever.

**Reject** 驳回：不销毁任何内容。Nothing is destroyed. For a reason that is not listed: `tutela approve destruction --reject`.

申请人不得审批。Who applied can't approve. The first decision counts, through whichever door. Without an answer nothing is
destroyed, and it is asked again after {ANSWER_DAYS} days. The applicant's reason stays with the request in the database,
because it may name a person."""


def _selected(job: Job) -> dict[str, str]:
    chosen = job.manifest.selection
    return (
        {"选择 Selection": f"{chosen['plan']}, 采集截至 collected until {chosen['collected_until']}"} if chosen else {}
    )


def _kept(job: Job, policy: Policy) -> list[str]:
    """Say under which classes the records are kept, on which ground, and when they would have been due."""
    records = Counter[str]()
    for name, count in job.manifest.names.items():
        records[name.partition("/")[0]] += count
    days = job.manifest.days
    due = f", 到期 due {days[0]} … {days[-1]}" if days else ""
    found = []
    for name, count in sorted(records.items()):
        known = policy.retention.get(name)
        ground = (
            f" {known.zh} {known.en}: {known.anchor.law} {known.anchor.article} ({known.anchor.kind})" if known else ""
        )
        found.append(f"{name}{ground}, {count:,} records{due}")
    if policy.schedule_hash() != job.schedule_hash:
        found.append("期限表已变更 the retention schedule was changed since it was applied for")
    return found


def _counts(counts: Mapping[str, int]) -> str:
    return " · ".join(f"{name}: {count:,}" for name, count in sorted(counts.items())) or "–"


# --- the answer --------------------------------------------------------------------------------------------------


def decide(settings: Settings, job: str, answer: Answer | None, at: datetime) -> dict[str, Any] | None:
    """Put a leader's answer on record; give the decision that counts, and in a sentence what became of the answer.

    None: nobody decided anything yet, through no door.

    Raises:
        ApprovalMissing: it is not that user's to decide, about another manifest, or no answer that there is.
        UnknownReference: there is no such destruction.
    """
    counts = _on_record(settings, job)
    if counts is None:
        if answer is None:
            return None
        counts = approvals.decide(settings, _decision(job, answer, at), at)
    return _told(job, counts, answer)


def _decision(job: str, answer: Answer, at: datetime) -> Decision:
    if answer.chosen not in ANSWERS:
        raise ApprovalMissing(f"What was answered about {job} is not among the answers; it is asked about again.")
    shown = _SHOWN.search(answer.shown)
    if shown is None:
        raise ApprovalMissing(f"The question about {job} showed no manifest; it is asked about again.")
    role = decision.LEADER if decision.LEADER in answer.roles else next(iter(answer.roles), "none")
    reason = ANSWERS[answer.chosen]
    return Decision(job, _said(answer), decision.AIRFLOW, answer.user, role, shown[1], at, reason=reason)


def _said(answer: Answer) -> str:
    return decision.APPROVED if answer.chosen == APPROVE else decision.REJECTED


def _told(job: str, counts: Decision, answer: Answer | None) -> dict[str, Any]:
    who = actor(counts.approver)
    told = f"{job} is {counts.decision} by {who}, through the door {counts.door}."
    own = answer is not None and (decision.AIRFLOW, answer.user, _said(answer)) == (
        counts.door, counts.approver, counts.decision,
    )  # fmt: skip
    if answer is not None and not own:
        told += f" It was decided before {actor(answer.user)} answered here: that answer changes nothing."
    return {"job": job, "decision": counts.decision, "approver": who, "door": counts.door, "counts": own, "told": told}


def _on_record(settings: Settings, job: str) -> Decision | None:
    home = open_home(settings)
    with home.database.begin(Role.DESTROY) as tx:
        found = decision.decided(tx, jobs.load_in(tx, job).id)
    home.database.close()
    return found


# --- afterwards --------------------------------------------------------------------------------------------------


def carry_out(settings: Settings, job: str, clock: Callable[[], datetime]) -> dict[str, Any]:
    """Do what was decided about a destruction; one that was done meanwhile, by the nightly purge say, is told as done.

    Raises:
        DestructionFailed: it did not come to its end; the message says why.
        TutelaError: as :func:`destruction.destroy_one`.
    """
    destruction.destroy_one(settings, job, clock)
    home = open_home(settings)
    with home.database.begin(Role.DESTROY) as tx:
        ended = jobs.load_in(tx, job)
    home.database.close()
    if ended.state not in ENDED:
        raise DestructionFailed(_why_not(ended))
    path = home.folder / "certificates" / f"{job}.json"
    destroyed = ended.manifest.records if ended.state == "confirmed" else 0
    return {"job": job, "state": ended.state, "records": destroyed, "certificate": str(path) if path.exists() else None}


def _why_not(job: Job) -> str:
    if job.state == "blocked":
        return (
            f"{job.id} was not done: what was approved is not what lies there now, or is held. Nothing of it was "
            "destroyed; what can still go is applied for anew by the next purge, and asked about again."
        )
    return f"{job.id} is {job.state}; the next purge goes on with it."
