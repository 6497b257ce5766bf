"""Key-management providers: one a file, chosen by the scheme of a URI; code never branches on the provider.

A provider holds named 256-bit keys that never leave it. The platform keeps two kinds there: root generations, which
wrap the keyring's page keys, and run keys, which wrap the keys of a run's staging files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from pipelines.errors import PolicyError
from pipelines.seal.kms.file import FileKms
from pipelines.seal.kms.pkcs11 import Pkcs11Kms
from pipelines.seal.kms.vault import VaultKms


class Kms(Protocol):
    """What a provider must offer. Every method raises KeyUnavailable when the provider or the key can't be had."""

    scheme: str
    """The scheme of its URI: what evidence calls it."""
    guarantee: str
    """What its deletion guarantees, in one sentence; certificates repeat it."""

    def create(self, name: str) -> None:
        """Make a key, durable on return; making the same name again is no error and changes nothing."""

    def exists(self, name: str) -> bool:
        """Tell whether the key can still be used."""

    def destroy(self, name: str) -> None:
        """Destroy a key for good; destroying what is gone is no error."""

    def wrap(self, name: str, keys: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes]:
        """Wrap keys, each bound to its context; one call for many, since a provider may be far away."""

    def unwrap(self, name: str, wrapped: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes]:
        """Unwrap keys, each in the context that it was wrapped in; if one does not open, none is returned."""

    def names(self) -> Sequence[str]:
        """List the keys it holds."""


PROVIDERS: dict[str, Callable[[str, Path], Kms]] = {
    "file": FileKms.from_uri,
    "pkcs11": Pkcs11Kms.from_uri,
    "vault": VaultKms.from_uri,
}


def open_kms(uri: str, home: Path) -> Kms:
    """Open the provider that a URI names.

    Raises:
        PolicyError: no provider has this scheme, or the URI is malformed.
    """
    scheme, _, rest = uri.partition(":")
    if scheme not in PROVIDERS:
        raise PolicyError(
            f"TUTELA_KMS names the unknown provider {scheme[:20]!r}; known: {', '.join(sorted(PROVIDERS))}."
        )
    return PROVIDERS[scheme](rest, home)
