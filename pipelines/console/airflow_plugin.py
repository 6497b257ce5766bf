"""The console inside Airflow's api-server, with Airflow's users. The only module here that knows Airflow.

How a request's user is found is Airflow's core, not its declared interface (3.3): it is used here and nowhere else.
"""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
from airflow.plugins_manager import AirflowPlugin
from fastapi import Request

from pipelines.console.app import application
from pipelines.console.visit import Visitor
from pipelines.platform.airflow_environment import CONSOLE
from pipelines.settings import Settings

LOGIN = "/auth/login/"


async def identify(request: Request) -> Visitor:
    """Tell which of Airflow's users sends a request, by bearer token or by the cookie of Airflow's pages."""
    user: Any = await get_user(request, None, await bearer_scheme(request))
    return Visitor(user.get_name(), frozenset(role.name for role in user.roles))


class TutelaConsole(AirflowPlugin):
    """Mounts the console and shows it in Airflow's navigation."""

    name = "tutela_console"
    fastapi_apps = [  # noqa: RUF012 - Airflow's own form
        {"app": application(Settings(), identify, LOGIN), "url_prefix": CONSOLE, "name": "Tutela"}
    ]
    external_views = [  # noqa: RUF012
        {
            "name": "Tutela",
            "href": f"{CONSOLE}/",
            "destination": "nav",
            "icon": f"{CONSOLE}/static/mark.svg",
            "url_route": "tutela",
        }
    ]
