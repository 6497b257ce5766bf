"""The ``pkcs11:`` provider: AES-256 keys inside a token (an HSM, a smart card, SoftHSM2), which they never leave.

    pkcs11:token=tutela?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/tutela/pin

The URI is one of RFC 7512. Keys are found by label. They wrap by AES-GCM inside the token; nonces are drawn here, the
context is the associated data. One session a call: nothing is left open that a fork could inherit.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pipelines.errors import KeyUnavailable, PolicyError
from pipelines.seal.kms.address import file_path, key_name, options, secret_of

if TYPE_CHECKING:
    from pkcs11 import Session

NONCE_BYTES = 12
_PATH, _QUERY = ("token", "serial"), ("module-path", "pin-source")
_AWAY = frozenset({
    "CryptokiNotInitialized", "DeviceError", "DeviceMemory", "DeviceRemoved", "FunctionFailed", "HostMemory",
    "SessionClosed", "SessionHandleInvalid", "TokenNotPresent", "UserNotLoggedIn",
})  # fmt: skip
"""What a token says when it has gone, not when what it was given is wrong."""


class _Turns:
    """One thread at a time: a process has one login, and the library is told that it is used by one thread."""

    def __init__(self) -> None:
        self._anew()
        # A fork may have left the lock taken by a thread that the child does not have.
        os.register_at_fork(after_in_child=self._anew)

    def _anew(self) -> None:
        self.lock = threading.RLock()


_turns = _Turns()
_begun_in: dict[str, int] = {}
"""The process that each module was initialised in."""


class Pkcs11Kms:
    """Keys in a token; see the module."""

    scheme = "pkcs11"
    guarantee = (
        "pkcs11: the key was made inside the token, sensitive and never extractable, and was removed there by "
        "C_DestroyObject; what the token's own memory, backups or clones keep of it is as the token's maker states."
    )

    def __init__(self, token: dict[str, str], module: Path, pin: Path, turn: Path) -> None:
        """Use a token, found by its label, serial number or both, by way of a module.

        Args:
            token: what it is found by: ``token_label``, ``token_serial``.
            module: its maker's PKCS#11 library.
            pin: the file of the user's PIN.
            turn: a file to lock while a key is made.
        """
        self.token, self.module, self.pin, self.turn = token, module, pin, turn

    @classmethod
    def from_uri(cls, rest: str, home: Path) -> Pkcs11Kms:
        """Open ``pkcs11:token=…?module-path=…&pin-source=file:/…``.

        Raises:
            PolicyError: the URI is malformed, or holds the PIN itself.
        """
        path, _, query = rest.partition("?")
        found, more = options(cls.scheme, path, ";", _PATH), options(cls.scheme, query, "&", _QUERY)
        if not found or len(more) != len(_QUERY):
            raise PolicyError(
                "TUTELA_KMS must say pkcs11:token=LABEL?module-path=/LIBRARY.so&pin-source=file:/PIN-FILE, "
                "the PIN in a file of mode 0600."
            )
        token = {f"token_{'label' if name == 'token' else name}": value for name, value in found.items()}
        module, pin = (file_path(cls.scheme, option, more[option]) for option in _QUERY)
        return cls(token, module, pin, home / "kms" / "create.lock")

    def create(self, name: str) -> None:
        """Make a key in the token; of two creators one makes it and both go on with it.

        Raises:
            KeyUnavailable: the token can't be used, or has another kind of key of that name.
        """
        label = key_name(name)
        # A token does not mind two keys of one label, so looking and making are one step under a lock of the home.
        with self._alone(), self._session() as session:
            if not _keys(session, label):
                session.generate_key(**_template(label))
            _key(session, label)

    def exists(self, name: str) -> bool:
        """Tell whether the token has the key.

        Raises:
            KeyUnavailable: the token can't be asked, which is not the same as no.
        """
        with self._session() as session:
            return bool(_keys(session, key_name(name)))

    def destroy(self, name: str) -> None:
        """Destroy the key's object, and look again.

        Raises:
            KeyUnavailable: the token can't be used, or did not let go of the key.
        """
        with self._session() as session:
            for key in _keys(session, key_name(name)):
                key.destroy()
            if _keys(session, name):
                raise KeyUnavailable(f"The token did not destroy the key {name}; ask its keeper, then run again.")

    def wrap(self, name: str, keys: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes]:
        """Wrap keys by AES-256-GCM inside the token: nonce || ciphertext || tag."""
        with self._session() as session:
            root, gcm = _key(session, key_name(name)), _gcm()
            wrapped = []
            for key, context in zip(keys, contexts, strict=True):
                nonce = secrets.token_bytes(NONCE_BYTES)
                wrapped.append(nonce + root.encrypt(key, **gcm(nonce, context)))
            return wrapped

    def unwrap(self, name: str, wrapped: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes]:
        """Unwrap keys inside the token.

        Raises:
            KeyUnavailable: the token or the key is gone, or what was wrapped is not what it was.
        """
        with self._session() as session:
            root, gcm = _key(session, key_name(name)), _gcm()
            pairs = zip(map(bytes, wrapped), contexts, strict=True)
            with _opening(name):
                return [root.decrypt(item[NONCE_BYTES:], **gcm(item[:NONCE_BYTES], context)) for item, context in pairs]

    def names(self) -> Sequence[str]:
        """List the token's AES keys that have a label."""
        with self._session() as session:
            return sorted(str(key.label) for key in _keys(session, None) if key.label)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        library, pin = _library(), secret_of(self.pin, "PIN")
        with _turns.lock:
            try:
                with self._present(library).open(rw=True, user_pin=pin) as session:
                    yield session
            except library.PKCS11Error as exc:
                raise self._error(exc) from None

    def _present(self, library: ModuleType) -> Any:
        try:
            return _begun(library, self.module).get_token(**self.token)
        except library.NoSuchToken:
            # A module may know only the tokens that were there when it was initialised.
            return _begun(library, self.module, anew=True).get_token(**self.token)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            self.turn.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.turn, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise KeyUnavailable(f"The file {self.turn} can't be written ({exc.strerror}); no key was made.") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _error(self, exc: Exception) -> KeyUnavailable:
        """Say what a token's refusal means; its kind only, never what the library adds."""
        kind, where = type(exc).__name__, " and ".join(self.token.values())
        if kind.startswith("Pin"):
            return KeyUnavailable(
                f"The token {where} refuses the PIN in {self.pin} ({kind}); correct it before more tries."
            )
        if kind in {"NoSuchToken", "TokenNotPresent", "TokenNotRecognised", "MultipleTokensReturned"}:
            return KeyUnavailable(
                f"No one token {where} is present ({kind}); connect it and run the same command again."
            )
        if kind == "PKCS11Error":
            return KeyUnavailable(f"The PKCS#11 module {self.module} can't be loaded; check module-path of TUTELA_KMS.")
        return KeyUnavailable(f"The token {where} can't be used now ({kind}); the same command can be run again.")


@contextmanager
def _opening(name: str) -> Iterator[None]:
    """Tell a key that does not open from a token that went away; tokens give several answers to an altered text."""
    try:
        yield
    except (_library().PKCS11Error, ValueError) as exc:
        if type(exc).__name__ in _AWAY:
            raise
        raise KeyUnavailable(
            f"A key wrapped by {name} was altered or belongs to another installation; restore the keyring snapshot."
        ) from None


def _library() -> ModuleType:
    try:
        import pkcs11
    except ImportError:
        raise KeyUnavailable(
            "TUTELA_KMS names a PKCS#11 token, but the library for them is not installed: pip install 'tutela[pkcs11]'."
        ) from None
    return pkcs11


def _begun(library: ModuleType, module: Path, *, anew: bool = False) -> Any:
    """Load a module, and initialise it again where this process is a fork of the one that did: PKCS#11 asks for it."""
    path, process = str(module), os.getpid()
    loaded = library.lib(path)
    if anew or _begun_in.get(path, process) != process:
        with suppress(library.PKCS11Error):  # raised where the module noticed the fork by itself
            loaded.finalize()
        loaded = library.lib(path)
    _begun_in[path] = process
    return loaded


def _keys(session: Session, label: str | None) -> list[Any]:
    from pkcs11 import Attribute, KeyType, ObjectClass

    wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES, Attribute.TOKEN: True}
    return list(session.get_objects(wanted | ({} if label is None else {Attribute.LABEL: label})))


def _key(session: Session, name: str) -> Any:
    """Return the one key of a name.

    Raises:
        KeyUnavailable: there is none or several, or one that may have left the token: its destruction would prove nothing.
    """
    from pkcs11 import Attribute

    found = _keys(session, name)
    if len(found) != 1:
        what = f"has {len(found)} keys" if found else "has no key"
        raise KeyUnavailable(f"The token {what} of the name {name}; ask its keeper. Nothing was changed.")
    key = found[0]
    if not (key[Attribute.LOCAL] and key[Attribute.ALWAYS_SENSITIVE] and key[Attribute.NEVER_EXTRACTABLE]):
        raise KeyUnavailable(
            f"The key {name} was not made inside the token or may leave it, so it protects nothing; it is not used."
        )
    return key


def _template(label: str) -> dict[str, Any]:
    from pkcs11 import Attribute, KeyType, MechanismFlag

    return {
        "key_type": KeyType.AES,
        "key_length": 256,
        "label": label,
        "store": True,
        "capabilities": MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
        "template": {Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
    }


def _gcm() -> Callable[[bytes, bytes], dict[str, Any]]:
    from pkcs11 import GCMParams, Mechanism

    def arguments(nonce: bytes, context: bytes) -> dict[str, Any]:
        return {"mechanism": Mechanism.AES_GCM, "mechanism_param": GCMParams(nonce, context)}

    return arguments
