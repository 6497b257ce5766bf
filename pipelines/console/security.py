"""What keeps a page from being misused: tokens in forms, signed notices, headers, errors without values.

A form is good for the user it was made for and for half a day (CSRF, OWASP cheat sheet: signed token bound to the user),
and is taken only from our own pages where the browser says where it comes from.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.errors import ApprovalMissing, without_values

FIELD, NOTICE = "form_token", "tutela_notice"
FORM_SECONDS, NOTICE_SECONDS = 12 * 3600, 60
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Cookie, Accept-Language",
}
STALE = "This form is too old or was not made for you; nothing was changed. Open the page again and repeat it."
FOREIGN = "This form came from another site; nothing was changed."


class Seal:
    """Signs what goes out to the browser and must come back unaltered."""

    def __init__(self, secret: str) -> None:
        """Take the secret of this installation."""
        self._forms = URLSafeTimedSerializer(secret, salt="form")
        self._notices = URLSafeTimedSerializer(secret, salt="notice")

    def token(self, user: str) -> str:
        """Make the token of a form for a user."""
        return str(self._forms.dumps(user))

    def require(self, request: Request, user: str, token: object) -> None:
        """Refuse a form that is not this user's own.

        Raises:
            ApprovalMissing: it came from elsewhere, is too old, or was made for somebody else.
        """
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site", "same-origin")
        if site not in {"same-origin", "none"} or (origin and urlsplit(origin).netloc != request.url.netloc):
            raise ApprovalMissing(FOREIGN)
        try:
            made_for = self._forms.loads(str(token), max_age=FORM_SECONDS)
        except BadSignature:
            raise ApprovalMissing(STALE) from None
        if made_for != user:
            raise ApprovalMissing(STALE)

    def notice(self, text: str) -> str:
        """Sign a sentence that the next page shows."""
        return str(self._notices.dumps(text))

    def noticed(self, signed: str | None) -> str | None:
        """Read the sentence; None where there is none of ours."""
        try:
            return str(self._notices.loads(signed, max_age=NOTICE_SECONDS)) if signed else None
        except BadSignature:
            return None


class Guard:
    """Lets no exception out of the application: its text, which the server would log, may quote a value."""

    def __init__(self, app: ASGIApp, explain: Callable[[Request, Exception], Awaitable[Response]]) -> None:
        """Wrap an application; `explain` makes a page of an error."""
        self._app = app
        self._explain = explain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as exc:  # noqa: BLE001 - whatever it is, its text may hold a value
            told = without_values(exc)
            logging.getLogger(__name__).error("%s", told)  # noqa: TRY400 - no traceback: it shows values
            if not begun:
                response = await self._explain(Request(scope, receive), told)
                await response(scope, receive, send)
