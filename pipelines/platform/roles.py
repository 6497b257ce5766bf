"""Who may do what in Airflow: one table, applied whole at every bootstrap. Not for who may see customer information.

The roles are those of the company policy. Each reads what happens; beyond that each does only its own part, so that no
role can both start a destruction and answer for it. Whoever may answer is checked again by the task that acts. `service`
is nobody's: it is the account under which tasks ask leaders and look up who has answered; it can't answer.
"""

from __future__ import annotations

from collections.abc import Iterable

READ, EDIT, CREATE, DELETE, MENU = "can_read", "can_edit", "can_create", "can_delete", "menu_access"
Permissions = frozenset[tuple[str, str]]

# DAG ids, as in dags/.
CHECKS = ("quality_docs",)
ASKING = ("ask_for_approval",)
DECIDED_BY_LEADERS = ("destroy_requested",)
PRIVACY = ("destroy_expired",)


def _each(action: str, *resources: str) -> Permissions:
    return frozenset((action, resource) for resource in resources)


def _may_run(dags: Iterable[str]) -> Permissions:
    names = tuple(dags)
    return _each(EDIT, *(f"DAG:{name}" for name in names)) | _each(CREATE, *(f"DAG Run:{name}" for name in names))


# Plugins: without it the console's entry is missing from the navigation.
OWN_ACCOUNT: Permissions = _each(READ, "Website", "My Profile", "My Password", "Plugins") | _each(
    EDIT, "My Profile", "My Password"
)
LOOK_ON: Permissions = (
    OWN_ACCOUNT
    | _each(READ, "DAGs", "DAG Code", "DAG Dependencies", "DAG Runs", "DAG Versions", "DAG Warnings", "Task Instances")
    | _each(READ, "Task Logs", "Assets", "Asset Aliases", "Backfills", "Cluster Activity", "ImportError", "Jobs")
    | _each(READ, "Pools", "HITL Detail")
    | _each(MENU, "Browse", "DAGs", "DAG Dependencies", "DAG Runs", "Task Instances", "Assets", "Cluster Activity")
    | _each(MENU, "Jobs", "Docs", "Documentation", "HITL Detail")
)
SEE_AUDIT: Permissions = _each(READ, "Audit Logs", "All Audit Logs") | _each(MENU, "Audit Logs")

ROLES: dict[str, Permissions] = {
    "engineer": LOOK_ON
    | _each(EDIT, "DAGs", "DAG Runs", "Task Instances", "Assets", "Backfills")
    | _each(CREATE, "DAG Runs", "Task Instances", "Assets", "Backfills")
    | _each(DELETE, "DAG Runs", "Task Instances", "Backfills")
    | _each(READ, "XComs", "All Import Errors", "All Reparses", "Providers"),
    "steward": LOOK_ON | _may_run(CHECKS + ASKING),
    "requester": OWN_ACCOUNT,
    # Answering a required action counts as editing that DAG.
    "leader": LOOK_ON | _each(EDIT, "HITL Detail", *(f"DAG:{name}" for name in DECIDED_BY_LEADERS)),
    "auditor": LOOK_ON | SEE_AUDIT | _each(READ, "All Import Errors"),
    "privacy_officer": LOOK_ON | SEE_AUDIT | _may_run(PRIVACY + ASKING),
    "service": _each(READ, "DAGs", "DAG Runs", "Task Instances", "HITL Detail", "Users")
    | _each(EDIT, "DAG Runs", "Task Instances")
    | _may_run(DECIDED_BY_LEADERS),
}
ADMIN, SERVICE = "admin", "service"
USERS: dict[str, str] = {ADMIN: "Admin"} | {role: role for role in ROLES}
"""User name → role: one example user for each role of people, the administrator, and the tasks' own account."""
