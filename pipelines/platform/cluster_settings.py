"""The server's configuration, written anew at every start. Not for secrets: the database's account reads it.

The files lie outside the cluster and belong to us, so that nothing the server does can change who may connect.
"""

from __future__ import annotations

import os
from pathlib import Path

from pipelines.platform.folders import write_whole
from pipelines.platform.hosting import Account
from pipelines.platform.ports import LOOPBACK

LONGEST_SOCKET = 100  # sun_path holds 108 bytes; the name and its NUL included
WHO_MAY_CONNECT = f"""\
local all all scram-sha-256
host all all {LOOPBACK}/32 scram-sha-256
host replication all {LOOPBACK}/32 scram-sha-256
"""
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": 100,
    "timezone": "UTC",
    # A bulk loader on a small machine.
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # Ciphertext does not compress; trying costs more than the bytes.
    "wal_compression": "off",
    # A segment that is not needed any more is removed, not kept with what it holds until it is written over.
    "wal_recycle": "off",
    "synchronous_commit": "on",
    "random_page_cost": 1.1,
    "jit": "off",
    # Nothing a client sends reaches the log. A failed statement's message itself may quote a value ("invalid input
    # syntax for type integer: …") and so may its DETAIL ("Key (x)=(…) already exists"): the client gets them, the log
    # keeps what the server says on its own behalf, at the levels LOG, FATAL and PANIC.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_duration": "off",
    "log_min_duration_statement": -1,
    "log_parameter_max_length": 0,
    "log_parameter_max_length_on_error": 0,
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}


def write(place: Path, account: Account, port: int) -> Path:
    """Write the configuration and the socket's folder; give the configuration's path."""
    socket = place / "run"
    socket.mkdir(mode=0o700, exist_ok=True)
    fits = len(os.fsencode(socket / f".s.PGSQL.{port}.lock")) < LONGEST_SOCKET
    where = {
        "data_directory": place / "data",
        "hba_file": place / "pg_hba.conf",
        "unix_socket_directories": socket if fits else "",
        "port": port,
    }
    lines = [f"{name} = {_quoted(value)}\n" for name, value in (where | SETTINGS).items()]
    configuration = place / "postgresql.conf"
    for path, text in ((place / "pg_hba.conf", WHO_MAY_CONNECT), (configuration, "".join(lines))):
        write_whole(path, text, 0o640 if account.switch else 0o600)
        if account.switch:
            os.chown(path, 0, account.gid)
    if account.switch:
        os.chown(socket, account.uid, account.gid)
    return configuration


def _quoted(value: object) -> str:
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"
