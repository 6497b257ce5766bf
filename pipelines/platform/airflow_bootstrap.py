"""Prepares Airflow's database in one process: tables, roles, users, pool. ``airflow.py`` runs it.

Not for daily changes: the table in ``roles.py`` is the truth, and what differs is set back to it. The passwords come on
standard input as JSON, because arguments and the environment can be read by others or inherited.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from pipelines.platform.roles import ROLES, SERVICE, USERS
from pipelines.platform.secrets import Secrets
from pipelines.settings import Settings

POOL = "heavy"
POOL_MEANING = "Tasks that need much memory: one at a time"


def main() -> int:
    """Bring the database to the present state; running it again changes nothing."""
    # The tasks' own account: they read its password where it is made, in the home folder.
    service = {SERVICE: Secrets(Settings().resolved_home).get(f"airflow_user_{SERVICE}")}
    passwords = json.load(sys.stdin) | service
    _migrate()
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        security = builder.sm
        security.sync_roles()
        for name, permissions in ROLES.items():
            _set_role(security, name, permissions)
        for name, role in USERS.items():
            # On a server only the administrator is given; people are added by the administrator.
            if name not in passwords:
                continue
            _set_user(security, name, role, passwords)
    _set_pool()
    return 0


def _migrate() -> None:
    from airflow.utils.db import initdb

    # What `airflow db migrate` calls, without another interpreter's start.
    initdb()


def _set_role(security: Any, name: str, permissions: frozenset[tuple[str, str]]) -> None:
    role = security.add_role(name)
    wanted = [security.create_permission(action, resource) for action, resource in sorted(permissions)]
    for permission in list(role.permissions):
        if permission not in wanted:
            security.remove_permission_from_role(role, permission)
    for permission in wanted:
        security.add_permission_to_role(role, permission)


def _set_user(security: Any, name: str, role: str, passwords: Mapping[str, str]) -> None:
    user = security.find_user(username=name)
    if user is None:
        title = name.replace("_", " ").title()
        address = f"{name}@tutela.invalid"
        user = security.add_user(name, title, "(example)", address, security.find_role(role), passwords[name])
        if not user:
            # FAB logs the reason and says nothing.
            raise SystemExit(f"the user {name} could not be created")
        return
    # A changed password or further roles are the administrator's business; a missing role is ours.
    if role not in {held.name for held in user.roles}:
        user.roles = [*user.roles, security.find_role(role)]
        security.update_user(user)


def _set_pool() -> None:
    from airflow.models.pool import Pool

    Pool.create_or_update_pool(name=POOL, slots=1, description=POOL_MEANING, include_deferred=False)


if __name__ == "__main__":
    sys.exit(main())
