"""A conversation with a transit engine over HTTP: token, TLS, tries, and what the server's answers mean.

Not for keys; `pipelines.seal.kms.vault` knows those. Every request of ours may be sent twice without harm, so each is
tried again when the server does not answer. Nothing that the server says goes into a message: it may quote what it was
sent.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipelines.errors import KeyUnavailable
from pipelines.seal.kms.address import secret_of

if TYPE_CHECKING:
    import httpx

WAITS = (0.2, 1.0)
"""Seconds before the second and the third try."""
_BUSY = frozenset({412, 429, 500, 502, 503, 504})
_CONNECT_SECONDS, _ANSWER_SECONDS = 5.0, 30.0

Data = dict[str, Any]


@dataclass(frozen=True)
class Transit:
    """Where a transit engine is and how to be let in."""

    address: str
    """Of the engine, API version and mount included: ``https://host:8200/v1/transit``."""
    token: Path
    """The file of the token."""
    ca: Path | None = None
    """Certificates to trust instead of the system's."""
    namespace: str | None = None
    pause: Callable[[float], None] = field(default=time.sleep, repr=False)

    @property
    def host(self) -> str:
        """Name the server, for messages."""
        return urlsplit(self.address).netloc

    @contextmanager
    def talk(self) -> Iterator[Talk]:
        """Open connections for one call; nothing stays open that a fork could inherit.

        Raises:
            KeyUnavailable: the token's file or the certificates can't be used.
        """
        import httpx

        headers = {"X-Vault-Token": self._token(), "X-Vault-Request": "true"}
        if self.namespace:
            headers["X-Vault-Namespace"] = self.namespace
        timeout = httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS)
        # Proxies and certificates of the environment are not taken: only settings read the environment.
        with httpx.Client(headers=headers, verify=self._trusted, timeout=timeout, trust_env=False) as client:
            yield Talk(self, client)

    def _token(self) -> str:
        token = secret_of(self.token, "token")
        # What HTTP does not take in a header would be quoted by its library.
        if not token.isascii() or not token.isprintable() or " " in token:
            raise KeyUnavailable(f"The token file {self.token} holds more than a token; write it anew.")
        return token

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.ca)
        except OSError:
            raise KeyUnavailable(f"The certificates in {self.ca} can't be read; check ca of TUTELA_KMS.") from None


@dataclass(frozen=True, slots=True)
class Talk:
    """One call's connection."""

    engine: Transit
    client: httpx.Client

    def ask(self, method: str, path: str) -> Data | None:
        """Ask for what may not be there; None says that the engine is there and has it not.

        Raises:
            KeyUnavailable: the server does not answer, refuses, or has no such engine.
        """
        response = self._answer(method, path, None)
        # Where the whole engine is missing, the server answers 404 as well, and gives a reason.
        if response.status_code == 404 and _json(response).get("errors") == []:
            return None
        return self._data(response)

    def send(self, method: str, path: str, body: Data | None = None) -> Data | None:
        """Have something done; None says that the engine would not (400), the caller knows why.

        Raises:
            KeyUnavailable: the server does not answer, refuses, or has no such engine.
        """
        response = self._answer(method, path, body)
        return None if response.status_code == 400 else self._data(response)

    def _answer(self, method: str, path: str, body: Data | None) -> httpx.Response:
        for wait in WAITS:
            try:
                response = self._try(method, path, body)
            except ConnectionError:
                self.engine.pause(wait)
                continue
            if response.status_code not in _BUSY:
                return response
            self.engine.pause(wait)
        try:
            return self._try(method, path, body)
        except ConnectionError:
            raise KeyUnavailable(
                f"The key server {self.engine.host} can't be reached; the same command can be run again."
            ) from None

    def _try(self, method: str, path: str, body: Data | None) -> httpx.Response:
        import httpx

        try:
            return self.client.request(method, f"{self.engine.address}/{path}", json=body)
        except httpx.TransportError as exc:
            # httpx keeps the kind of a TLS failure in its text alone.
            if "CERTIFICATE_VERIFY_FAILED" in str(exc):
                raise KeyUnavailable(
                    f"The key server {self.engine.host} shows a certificate that is not trusted; name its authority's "
                    "as ca in TUTELA_KMS."
                ) from None
            raise ConnectionError from None

    def _data(self, response: httpx.Response) -> Data:
        if response.status_code == 403:
            raise KeyUnavailable(
                f"The key server {self.engine.host} refuses the token in {self.engine.token}; renew it, or widen its policy."
            )
        if response.status_code == 204:
            return {}
        data = _json(response).get("data") if response.status_code == 200 else None
        if not isinstance(data, dict):
            raise KeyUnavailable(
                f"The key server {self.engine.host} answered {response.status_code}, not as a transit engine does; "
                "look at its state and at TUTELA_KMS, then run the same command again."
            )
        return data


def _json(response: httpx.Response) -> Data:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
