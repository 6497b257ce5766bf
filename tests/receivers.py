"""A mail server and a web server that take what is sent to them and keep it: real sockets, no library's double."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any, cast


class Mailbox(ThreadingTCPServer):
    """Speaks as much SMTP as a client needs."""

    daemon_threads = allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Smtp)
        self.mails: list[EmailMessage] = []
        self.to: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Smtp(StreamRequestHandler):
    def handle(self) -> None:
        box = cast("Mailbox", self.server)
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            word = line[:4].upper()
            if word == "DATA":
                self._say("354 go on")
                self._take(box)
            elif word == "QUIT":
                self._say("221 bye")
                return
            elif word == "RCPT":
                box.to.append(line.split(":", 1)[1].strip(" <>").split(">")[0])
            if word != "DATA":
                self._say("250 ok")

    def _take(self, box: Mailbox) -> None:
        lines = iter(self.rfile.readline, b".\r\n")
        content = b"".join(line[1:] if line.startswith(b"..") else line for line in lines)
        box.mails.append(cast("EmailMessage", message_from_bytes(content, policy=policy.default)))
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Hook(ThreadingHTTPServer):
    """Takes what is posted; a path of digits is the status that it answers with."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.posts: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Post(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        hook = cast("Hook", self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        hook.posts.append((self.path, dict(self.headers), body))
        asked = self.path.strip("/")
        self.send_response(int(asked) if asked.isdigit() else 204)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Keep the test's output quiet."""


@contextmanager
def receiving(server: Any) -> Iterator[Any]:
    """Let a server receive."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
