"""What DAG files may know at parse time: names and schedules of the plans, what a leader may answer.

Light: a DAG file is parsed every few seconds.
"""

from __future__ import annotations

import yaml

from pipelines.settings import Settings

APPROVE = "Approve"
ANSWERS: dict[str, str | None] = {APPROVE: None} | {
    f"Reject: {reason}": reason
    for reason in (
        "the law or a contract requires keeping",
        "a dispute or an investigation is open",
        "the scope or the applicant is not right",
    )
}
"""What a leader may answer about a destruction → the reason of a rejection. Nothing else can be written: Airflow would
keep it, log it and show it, and a reason in own words may name a person. Four, because five are no buttons any more."""
ANSWER_DAYS = 7
"""So long a question waits; then it is asked anew."""


def collection_plans() -> list[tuple[str, str | None]]:
    """List each plan's name and schedule; a file that can't be read is left to `tutela plan check`."""
    found: list[tuple[str, str | None]] = []
    for path in sorted((Settings().policy / "plans").glob("*.yaml")):
        try:
            plan = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            found.append((str(plan["plan"]), plan.get("schedule")))
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
            continue
    return found
