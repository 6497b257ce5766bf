"""Notifiers for Airflow: news by e-mail (Airflow's own) and to a webhook (ours, signed). Counts, names and a link only.

A webhook's receiver checks `X-Tutela-Signature`: the HMAC-SHA256, under the key that both know, of the moment in
`X-Tutela-Timestamp`, a full stop, and the body; and refuses what is older than a few minutes.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from html import escape
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from airflow.configuration import conf
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk.bases.hook import BaseHook
from airflow.sdk.bases.notifier import BaseNotifier

from pipelines.errors import PlatformError
from pipelines.platform.airflow_environment import CONSOLE
from pipelines.settings import Settings

if TYPE_CHECKING:
    from airflow.sdk.definitions.context import Context

SECONDS = 10
SIGNATURE, TIMESTAMP = "X-Tutela-Signature", "X-Tutela-Timestamp"


class WebhookNotifier(BaseNotifier):
    """Posts one JSON object to the address of an Airflow connection, signed with the connection's password."""

    template_fields: Sequence[str] = ()

    def __init__(self, conn_id: str, message: Mapping[str, Any], at: datetime, **more: Any) -> None:
        """Name the connection, and what to say when."""
        super().__init__(**more)
        self.conn_id, self.message, self.at = conn_id, message, at

    def notify(self, context: Context) -> None:  # noqa: ARG002 - what is told does not depend on the task
        """Post it.

        Raises:
            PlatformError: the connection lacks something, or nobody took it; says what and where, never the answer.
        """
        try:
            connection = BaseHook.get_connection(self.conn_id)
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is not there
            raise PlatformError(f"Airflow has no connection {self.conn_id} ({type(exc).__name__}); make one.") from None
        address, key = address_of(connection), connection.password
        if not key:
            raise PlatformError(f"The connection {self.conn_id} has no password to sign with; set one.")
        body = json.dumps(self.message, ensure_ascii=False, separators=(",", ":")).encode()
        moment = str(int(self.at.timestamp()))
        headers = {"Content-Type": "application/json", TIMESTAMP: moment, SIGNATURE: signature(key, moment, body)}
        try:
            answer = httpx.post(address, content=body, headers=headers, timeout=SECONDS, follow_redirects=False)
        except httpx.HTTPError as exc:
            raise PlatformError(f"The webhook of {self.conn_id} could not be reached ({type(exc).__name__}).") from None
        if not answer.is_success:
            raise PlatformError(f"The webhook of {self.conn_id} answered {answer.status_code}; it was not told.")


def signature(key: str, moment: str, body: bytes) -> str:
    """Sign what is posted."""
    return "sha256=" + hmac.new(key.encode(), moment.encode() + b"." + body, sha256).hexdigest()


def address_of(connection: Any) -> str:
    """Put the address of an HTTP connection together; in clear only to this machine.

    Raises:
        PlatformError: it would go over a network without TLS, or has no host.
    """
    host = connection.host or ""
    found = urlsplit(host if "://" in host else f"{connection.schema or 'https'}://{host}")
    if not found.hostname:
        raise PlatformError(f"The connection {connection.conn_id} has no host; set its address.")
    if found.scheme != "https" and not _here(found.hostname):
        raise PlatformError(f"The connection {connection.conn_id} must use https; nothing was sent.")
    port = found.port or connection.port
    place = f"[{found.hostname}]" if ":" in found.hostname else found.hostname
    extra = (connection.extra_dejson or {}).get("path", "")
    path = found.path or (f"/{extra.lstrip('/')}" if extra else "/")
    return f"{found.scheme}://{place}{f':{port}' if port else ''}{path}"


def tell(news: Mapping[str, Any]) -> None:
    """Tell one piece of news (`pipelines.quality.news.News` as JSON, with its channel) to whom the settings name.

    Raises:
        PlatformError: somebody could not be told; the task tries again.
    """
    settings = Settings()
    language = "en" if settings.notify_language == "en" else "zh"
    told = {key: news[key] for key in ("kind", "plan", "about", "figures")}
    console = settings.console_url or conf.get("api", "base_url").rstrip("/") + CONSOLE
    told["link"] = console.rstrip("/") + news["path"]
    told |= {"subject": news["subject"][language], "lines": news["lines"][language]}
    if news["channel"] == "webhook":
        WebhookNotifier(settings.notify_webhook, told, datetime.now(UTC)).notify({})
    else:
        mail([address.strip() for address in settings.notify_email.split(",") if address.strip()], told)


def mail(to: Sequence[str], told: Mapping[str, Any]) -> None:
    """Send news as a mail through Airflow's own notifier.

    Raises:
        PlatformError: the server did not take it.
    """
    lines = "".join(f"<li>{escape(line)}</li>" for line in told["lines"])
    link = escape(told["link"])
    page = f'<p>{escape(told["subject"])}</p><ul>{lines}</ul><p><a href="{link}">{link}</a></p>'
    # Called without rendering: a sentence is no template, whatever braces it holds.
    try:
        SmtpNotifier(to=list(to), subject=f"[Tutela] {told['subject']}", html_content=page).notify({})
    except Exception as exc:  # noqa: BLE001 - the library's texts repeat addresses and what the server said
        raise PlatformError(
            f"The mail could not be sent ({type(exc).__name__}); look at Airflow's connection smtp_default."
        ) from None


def _here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
