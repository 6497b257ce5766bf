"""Collection plans: which are in force, how their runs go, what became of the rows."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response

from pipelines.console.visit import EVERYBODY, Visit, allow
from pipelines.console.words import N_
from pipelines.jobs import plans as views
from pipelines.jobs.rule_words import rule_sentences

router = APIRouter()
Anybody = Annotated[Visit, allow(*EVERYBODY)]
RUNS = 10
REASONS = {
    "already_received": N_("Received before"),
    "payment_authentication": N_("Holds payment authentication data"),
    "collected_outside_plan": N_("Collected outside the plan's time"),
    "no_consent": N_("No consent"),
    "unknown_notice": N_("Unknown notice"),
    "notice_not_in_force": N_("Notice not in force"),
    "consent_after_collection": N_("Consent after collection"),
    "consent_expired": N_("Consent expired"),
    "purpose_not_covered": N_("Purpose not covered by consent"),
    "consent_withdrawn": N_("Consent withdrawn"),
}
CHANNELS = {"direct": N_("Direct"), "third_party": N_("Third party"), "web": N_("Web")}
BASES = {
    "consent": N_("Consent"),
    "contract": N_("Contract"),
    "legal_duty": N_("Legal duty"),
    "emergency": N_("Emergency"),
    "public_interest": N_("Public interest"),
    "public_information": N_("Public information"),
    "other_law": N_("Other law"),
}
DEPARTMENTS = {
    "marketing": N_("Marketing"),
    "sales": N_("Sales"),
    "customer_service": N_("Customer service"),
}


@router.get("/plans")
def plans(visit: Anybody) -> Response:
    """Show all plans and how they go."""
    found = views.overview(visit.home, visit.at)
    return visit.page("plans/plans.html", plans=found, **_words(visit))


@router.get("/plans/{name}")
def plan(visit: Anybody, name: str) -> Response:
    """Show one plan: its fields, its month, its runs."""
    found = views.one(visit.home, name, visit.at)
    runs = views.runs(visit.home, name, RUNS)
    policy = visit.home.policy
    return visit.page(
        "plans/plan.html",
        view=found,
        plan=found.plan,
        runs=runs,
        limit=RUNS,
        purposes=[visit.words.two(policy.purposes[key].zh, policy.purposes[key].en) for key in found.plan.purposes],
        categories={code: visit.words.two(each.zh, each.en) for code, each in policy.taxonomy.categories.items()},
        shares={
            "quarantined": [each.quarantined / each.arrived if each.arrived else None for each in found.days],
            "refused": [each.refused / each.arrived if each.arrived else None for each in found.days],
        },
        **_words(visit),
    )


def _words(visit: Visit) -> dict[str, Any]:
    rules = rule_sentences(visit.home.settings.expectations, visit.language)
    reasons = {key: visit.text(said) for key, said in REASONS.items()}
    words = {"reasons": reasons, "rules": rules, "channels": CHANNELS, "bases": BASES, "departments": DEPARTMENTS}
    return words | {"told": lambda name, kind: _told(visit, name, kind)}


def _told(visit: Visit, name: str, kind: str) -> str | None:
    """Give the address of the entries of a kind that tell of a plan, for those who may read them."""
    url = visit.url("/evidence", plan=name, kind=kind)
    return url if visit.opens(url) else None
