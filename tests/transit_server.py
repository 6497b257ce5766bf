"""A protocol test server: the transit API as its documentation has it, over real HTTP on loopback, with real AES-GCM.

It is neither HashiCorp Vault nor OpenBao, and proves nothing about them; it is strict where they are: it refuses what the
documentation says is refused, makes keys that are encrypted with and not there, and takes 1,000 strings a body and no
more. Its answers were compared once, by hand, with those of the transit engine of OpenBao 2.6.2.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SYMMETRIC = {"aes256-gcm96", "aes128-gcm96", "chacha20-poly1305"}
OTHERS = {"ecdsa-p256", "rsa-2048", "hmac"}
NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
STRINGS = 1000
Answer = tuple[int, dict[str, Any] | None]


class Refused(Exception):
    """An answer with errors."""

    def __init__(self, status: int, *errors: str) -> None:
        super().__init__()
        self.status, self.errors = status, list(errors)


class Engine:
    """The keys, and what may be done with them."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.keys: dict[str, dict[str, Any]] = {}
        self.lock = threading.Lock()
        self.seen: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.failing: list[int] = []
        """Statuses that the next requests are answered with; 0 closes the connection without a word."""
        self.knows_associated_data = True
        self.deaf = False
        """Whether a deletion is answered and not done."""

    def answer(self, method: str, path: str, body: dict[str, Any]) -> Answer:
        for pattern, methods in ROUTES.items():
            found = re.fullmatch(pattern, path)
            if found and method in methods:
                return methods[method](self, *found.groups(), body)
        raise Refused(404, f'no handler for route "{path}". route entry not found.')

    def list_keys(self, _body: dict[str, Any]) -> Answer:
        if not self.keys:
            raise Refused(404)
        return 200, {"keys": sorted(self.keys)}

    def create(self, name: str, body: dict[str, Any]) -> Answer:
        kind = body.get("type", "aes256-gcm96")
        if kind not in SYMMETRIC | OTHERS:
            raise Refused(400, f"unknown key type {kind}")
        self.keys.setdefault(
            name,
            {
                "name": name,
                "type": kind,
                "derived": bool(body.get("derived")),
                "exportable": bool(body.get("exportable")),
                "allow_plaintext_backup": bool(body.get("allow_plaintext_backup")),
                "deletion_allowed": False,
                "imported_key": False,
                "soft_deleted": False,
                "material": AESGCM(secrets.token_bytes(32)),
            },
        )
        return self.read(name, body)

    def read(self, name: str, _body: dict[str, Any]) -> Answer:
        if name not in self.keys:
            raise Refused(404)
        return 200, {option: value for option, value in self.keys[name].items() if option != "material"}

    def configure(self, name: str, body: dict[str, Any]) -> Answer:
        if name not in self.keys:
            raise Refused(400, f"no existing key named {name} could be found")
        if "deletion_allowed" in body:
            self.keys[name]["deletion_allowed"] = bool(body["deletion_allowed"])
        for option in ("exportable", "allow_plaintext_backup"):  # once set, they can't be unset
            self.keys[name][option] |= bool(body.get(option))
        return self.read(name, body)

    def delete(self, name: str, _body: dict[str, Any]) -> Answer:
        if name not in self.keys:
            raise Refused(400, f"error deleting policy {name}: could not delete key; not found")
        if not self.keys[name]["deletion_allowed"]:
            raise Refused(400, f"error deleting policy {name}: deletion is not allowed for this key")
        if not self.deaf:
            del self.keys[name]
        return 204, None

    def soft_delete(self, name: str, _body: dict[str, Any]) -> Answer:
        self.keys[name]["soft_deleted"] = True
        return self.read(name, {})

    def encrypt(self, name: str, body: dict[str, Any]) -> Answer:
        items = self._batch(body, "plaintext")
        if name not in self.keys:
            if body.get("type", "aes256-gcm96") not in SYMMETRIC:
                raise Refused(400, f"key type {body['type']} not supported for this operation")
            self.create(name, {"type": body.get("type", "aes256-gcm96")})
        return self._each(name, items, self._seal)

    def decrypt(self, name: str, body: dict[str, Any]) -> Answer:
        items = self._batch(body, "ciphertext")
        if name not in self.keys:
            raise Refused(400, "encryption key not found")
        return self._each(name, items, self._open)

    def _batch(self, body: dict[str, Any], what: str) -> list[dict[str, str]]:
        items = body.get("batch_input")
        if not isinstance(items, list) or not items:
            raise Refused(400, "missing batch input to process")
        if not all(isinstance(item, dict) and isinstance(item.get(what), str) for item in items):
            raise Refused(400, f"failed to parse batch input: missing {what}")
        return items

    def _each(self, name: str, items: list[dict[str, str]], work: Any) -> Answer:
        results: list[dict[str, Any]] = []
        for item in items:
            try:
                if self.keys[name]["soft_deleted"]:
                    raise ValueError("refusing to use soft-deleted key")  # noqa: TRY301
                bound = self._bound(item)
                results.append(work(self.keys[name]["material"], item, bound))
            except ValueError as exc:
                results.append({"error": str(exc)})
            except InvalidTag:
                results.append({"error": "cipher: message authentication failed"})
        return (400 if any("error" in result for result in results) else 200), {"batch_results": results}

    def _bound(self, item: dict[str, str]) -> bytes:
        found = base64.b64decode(item.get("associated_data", ""), validate=True)
        return found if self.knows_associated_data else b""

    def _seal(self, key: AESGCM, item: dict[str, str], bound: bytes) -> dict[str, Any]:
        nonce, plain = secrets.token_bytes(12), base64.b64decode(item["plaintext"], validate=True)
        text = base64.b64encode(nonce + key.encrypt(nonce, plain, bound)).decode()
        return {"ciphertext": f"vault:v1:{text}", "key_version": 1}

    def _open(self, key: AESGCM, item: dict[str, str], bound: bytes) -> dict[str, Any]:
        prefix, _, text = item["ciphertext"].rpartition(":")
        if prefix != "vault:v1":
            raise ValueError("invalid ciphertext: no prefix")
        sealed = base64.b64decode(text, validate=True)
        plain = key.decrypt(sealed[:12], sealed[12:], bound)
        return {"plaintext": base64.b64encode(plain).decode()}


ROUTES: dict[str, dict[str, Any]] = {
    r"/v1/transit/keys": {"LIST": Engine.list_keys},
    rf"/v1/transit/keys/({NAME})": {"POST": Engine.create, "GET": Engine.read, "DELETE": Engine.delete},
    rf"/v1/transit/keys/({NAME})/config": {"POST": Engine.configure},
    rf"/v1/transit/keys/({NAME})/soft-delete": {"DELETE": Engine.soft_delete},
    rf"/v1/transit/encrypt/({NAME})": {"POST": Engine.encrypt},
    rf"/v1/transit/decrypt/({NAME})": {"POST": Engine.decrypt},
}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    engine: Engine

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def handle_any(self) -> None:
        """Take a request whole, and answer it."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.engine.lock:
            self.engine.seen.append((self.command, self.path))
            failing = self.engine.failing.pop(0) if self.engine.failing else None
            if failing == 0:
                self.close_connection = True
                return
            try:
                status, data = (failing, None) if failing else self._answer(raw)
                body = {"data": data, "errors": []} if failing else {"data": data}
            except Refused as exc:
                status, body = exc.status, {"errors": exc.errors}
        self._write(status, body)

    do_GET = do_POST = do_DELETE = do_LIST = handle_any  # noqa: N815

    def _answer(self, raw: bytes) -> Answer:
        if self.headers.get("X-Vault-Token") != self.engine.token:
            raise Refused(403, "permission denied")
        try:
            body = json.loads(raw) if raw else {}
        except ValueError:
            raise Refused(400, "error parsing JSON") from None
        if _strings(body) > STRINGS:
            raise Refused(413, "exceeded maximum number of strings")
        self.engine.bodies.append(body)
        return self.engine.answer(self.command, self.path, body)

    def _write(self, status: int, body: dict[str, Any]) -> None:
        content = b"" if status == 204 else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _strings(value: Any) -> int:
    if isinstance(value, dict):
        return sum(1 + _strings(inner) for inner in value.values())
    if isinstance(value, list):
        return sum(map(_strings, value))
    return int(isinstance(value, str))


@contextmanager
def serving(token: str, tls: ssl.SSLContext | None = None) -> Iterator[tuple[Engine, str]]:
    """Serve an engine of its own on loopback; yields it and its address, ``http://127.0.0.1:…``."""
    engine = Engine(token)
    handler = type("Connection", (Handler,), {"engine": engine})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield engine, f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
