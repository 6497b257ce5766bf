"""A real time-stamp authority for tests: openssl's `ts` command behind HTTP on this machine, under a root of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


class Authority:
    """Keys, certificates, and openssl to stamp with."""

    def __init__(self, folder: Path, name: str = "Test authority") -> None:
        """Make the root, and the certificate that stamps."""
        self.folder = folder
        folder.mkdir(parents=True)
        root_key, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
        root = certificate(f"{name} root", root_key, f"{name} root", root_key, authority=True)
        leaf = certificate(name, key, f"{name} root", root_key, authority=False)
        self.root = self._write("root.pem", root.public_bytes(Encoding.PEM))
        self._write("leaf.pem", leaf.public_bytes(Encoding.PEM))
        self._write("key.pem", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self._write("serial", b"01\n")
        self._write("openssl.cnf", CONFIG.format(folder=folder).encode())

    def stamp(self, query: bytes) -> bytes:
        """Answer a time-stamp query."""
        path = self._write("query.tsq", query)
        command = ["openssl", "ts", "-reply", "-config", "openssl.cnf", "-queryfile", str(path), "-signer", "leaf.pem"]
        out = self.folder / "reply.tsr"
        subprocess.run(
            [*command, "-inkey", "key.pem", "-out", str(out)], cwd=self.folder, check=True, capture_output=True
        )
        return out.read_bytes()

    def _write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path


def certificate(
    name: str, key: EllipticCurvePrivateKey, issuer: str, issuer_key: EllipticCurvePrivateKey, *, authority: bool
) -> x509.Certificate:
    """Make a certificate: of a root, or of a time-stamp authority."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(issuer_key, SHA256())


@contextmanager
def serving(authority: Authority) -> Iterator[str]:
    """Serve an authority on this machine; paths other than the root answer as broken ones do."""
    kept: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            kept.append(authority.stamp(query))
            answers = {"/": kept[-1], "/replayed": kept[0], "/garbage": b"no stamp", "/long": bytes(2**21)}
            content = answers.get(self.path, b"")
            self.send_response(200 if content else 503)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
