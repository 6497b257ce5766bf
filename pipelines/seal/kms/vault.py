"""The ``vault:`` provider: keys of the transit engine of HashiCorp Vault (1.13 or newer) or OpenBao, over HTTP.

    vault:https://vault.example:8200/transit?token-source=file:/etc/tutela/token&ca=file:/etc/tutela/ca.pem

Keys wrap by AES-256-GCM on the server; the context is the associated data.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipelines.errors import KeyUnavailable, PolicyError
from pipelines.seal.kms.address import file_path, key_name, options
from pipelines.seal.kms.transit import Data, Talk, Transit

BATCH = 240
"""Keys a request: OpenBao takes 1,000 strings in a body, and a key with its context is four of them."""
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_OPTIONS = ("token-source", "ca", "namespace")
_KEY = {"type": "aes256-gcm96", "derived": False, "exportable": False, "allow_plaintext_backup": False}
_NEVER_MADE = "ecdsa-p256"
"""Transit makes a key that it is asked to encrypt with and does not have, unless it would be of a type that can't
encrypt; of a key that is there, the type given says nothing. So a destroyed key does not come back empty."""
_WRITTEN = "TUTELA_KMS must say vault:https://HOST:8200/transit?token-source=file:/TOKEN-FILE, the token in a file of mode 0600."


class VaultKms:
    """Keys in a transit engine; see the module."""

    scheme = "vault"
    guarantee = (
        "vault: the transit key is deleted with all its versions and the server confirms that it is gone; it was never "
        "exportable and no plaintext backup of it was allowed; snapshots of the server's own storage keep it, encrypted "
        "under the server's seal, until they are deleted."
    )

    def __init__(self, engine: Transit) -> None:
        """Use a transit engine."""
        self.engine = engine

    @classmethod
    def from_uri(cls, rest: str, home: Path) -> VaultKms:  # noqa: ARG003 - nothing of it is in the home
        """Open ``vault:https://host:8200/transit?token-source=file:/…&ca=file:/…&namespace=…``.

        Raises:
            PolicyError: the URI is malformed, holds a secret, or would send the token in clear over a network.
        """
        try:
            url = urlsplit(rest)
            host, mount, _ = url.hostname, url.path.strip("/"), url.port
        except ValueError:
            raise PolicyError(_WRITTEN) from None
        found = options(cls.scheme, url.query, "&", _OPTIONS)
        if not host or not mount or "token-source" not in found or "@" in url.netloc or url.fragment:
            raise PolicyError(_WRITTEN)
        if url.scheme != "https" and not (url.scheme == "http" and host in _LOOPBACK):
            raise PolicyError(
                "TUTELA_KMS: vault: speaks https://; http:// only with an agent on this machine's loopback."
            )
        token = file_path(cls.scheme, "token-source", found["token-source"])
        ca = file_path(cls.scheme, "ca", found["ca"]) if "ca" in found else None
        return cls(Transit(f"{url.scheme}://{url.netloc}/v1/{mount}", token, ca, found.get("namespace")))

    def create(self, name: str) -> None:
        """Make a key that can't be exported or backed up in clear, and try whether it binds contexts.

        Raises:
            KeyUnavailable: the server can't be used, has another kind of key of that name, or is too old.
        """
        key_name(name)
        with self.engine.talk() as talk:
            talk.send("POST", f"keys/{name}", dict(_KEY))
            _require_sound(talk, name)
            # A server from before associated data takes it silently and ignores it.
            if _opened(talk, name, _wrapped(talk, name, [bytes(32)], [b"here"]), [b"there"]) is not None:
                raise KeyUnavailable("The key server does not bind keys to their context; use Vault 1.13 or OpenBao.")

    def exists(self, name: str) -> bool:
        """Tell whether the server has the key, set aside (soft-deleted) or not.

        Raises:
            KeyUnavailable: the server can't be asked, which is not the same as no.
        """
        key_name(name)
        with self.engine.talk() as talk:
            return talk.ask("GET", f"keys/{name}") is not None

    def destroy(self, name: str) -> None:
        """Allow the key's deletion, delete it, and look again.

        Raises:
            KeyUnavailable: the server can't be used, or did not let go of the key.
        """
        key_name(name)
        with self.engine.talk() as talk:
            if talk.ask("GET", f"keys/{name}") is None:
                return
            # Only now may it be deleted: until here a slip on the server can't. Of two that destroy one is refused.
            talk.send("POST", f"keys/{name}/config", {"deletion_allowed": True})
            talk.send("DELETE", f"keys/{name}")
            if talk.ask("GET", f"keys/{name}") is not None:
                raise KeyUnavailable(f"The key server did not delete the key {name}; run the same command again.")

    def wrap(self, name: str, keys: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes]:
        """Wrap keys on the server; what it answers, ``vault:v1:…``, is the wrapped key."""
        key_name(name)
        with self.engine.talk() as talk:
            _require_sound(talk, name)
            return _wrapped(talk, name, keys, contexts)

    def unwrap(self, name: str, wrapped: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes]:
        """Unwrap keys on the server.

        Raises:
            KeyUnavailable: the server or the key is gone, or what was wrapped is not what it was.
        """
        key_name(name)
        with self.engine.talk() as talk:
            opened = _opened(talk, name, wrapped, contexts)
            if opened is None:
                _require_sound(talk, name)
                message = f"A key wrapped by {name} was altered or belongs to another installation; restore the keyring snapshot."
                raise KeyUnavailable(message)
            return opened

    def names(self) -> Sequence[str]:
        """List the keys of the engine."""
        with self.engine.talk() as talk:
            found = talk.ask("LIST", "keys")
            return sorted(_items(found, "keys")) if found else []


def _require_sound(talk: Talk, name: str) -> None:
    """Refuse a key whose deletion would prove nothing.

    Raises:
        KeyUnavailable: there is none, it was set aside, or copies of it can have left the server.
    """
    key = talk.ask("GET", f"keys/{name}")
    if key is None:
        raise KeyUnavailable(f"The key server has no key of the name {name}; ask its keeper. Nothing was changed.")
    if key.get("soft_deleted"):
        raise KeyUnavailable(f"The key {name} was set aside on the key server (soft-deleted); have it restored there.")
    if any(key.get(option) != value for option, value in _KEY.items()) or key.get("imported_key"):
        raise KeyUnavailable(
            f"The key {name} is of another kind or may have left the key server, so it protects nothing; it is not used."
        )


def _wrapped(talk: Talk, name: str, keys: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes]:
    wrapped: list[bytes] = []
    for batch in _batches("plaintext", map(_text, keys), contexts):
        answer = talk.send("POST", f"encrypt/{name}", {"type": _NEVER_MADE, "batch_input": batch})
        wrapped += [str(item.get("ciphertext", "")).encode() for item in _items(answer, "batch_results", len(batch))]
    if not all(wrapped):
        raise KeyUnavailable(f"The key server did not wrap what it was given by {name}; run the same command again.")
    return wrapped


def _opened(talk: Talk, name: str, wrapped: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes] | None:
    """Unwrap keys; None where the engine opens one of them not."""
    opened: list[bytes] = []
    texts = (bytes(item).decode("ascii", "replace") for item in wrapped)
    for batch in _batches("ciphertext", texts, contexts):
        answer = talk.send("POST", f"decrypt/{name}", {"batch_input": batch})
        if answer is None:
            return None
        items = _items(answer, "batch_results", len(batch))
        # Servers differ: one that does not open is told by the answer's status, by an error beside an empty text, or both.
        if any(item.get("error") or not item.get("plaintext") for item in items):
            return None
        try:
            opened += [base64.b64decode(item["plaintext"]) for item in items]
        except (TypeError, ValueError):
            return None
    return opened


def _batches(what: str, texts: Iterable[str], contexts: Sequence[bytes]) -> Iterator[list[dict[str, str]]]:
    left = zip(texts, contexts, strict=True)
    while batch := list(islice(left, BATCH)):
        yield [{what: text, "associated_data": _text(context)} for text, context in batch]


def _items(answer: Data | None, name: str, count: int | None = None) -> list[Any]:
    found = (answer or {}).get(name)
    if not isinstance(found, list) or (count is not None and (len(found) != count or {*map(type, found)} - {dict})):
        raise KeyUnavailable("The key server answered less than it was asked; run the same command again.")
    return found


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
