"""The only reader of the environment. Not for rules: they receive values.

Every setting is an environment variable ``TUTELA_<NAME>``; the same names stand in ``docker-compose.yml``.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Where things are and how big a bite is. Everything has a default; nothing has to be set."""

    model_config = SettingsConfigDict(env_prefix="TUTELA_", extra="ignore", frozen=True)

    home: Path = CHECKOUT / ".tutela"
    """The home folder: keys, embedded PostgreSQL, Airflow, staging, reports. Two homes never touch each other."""
    policy: Path = CHECKOUT / "policy"
    """The reviewed YAML."""
    expectations: Path = CHECKOUT / "expectations"
    """The quality suites."""
    sql: Path = CHECKOUT / "sql"
    """Schema, migrations, queries."""
    dags: Path = CHECKOUT / "dags"
    """The DAG files."""
    database_url: SecretStr | None = None
    """``postgresql://user:password@host:port/tutela`` of a server (15 or newer); unset: the embedded one."""
    database_admin_url: SecretStr | None = None
    """As above, for `tutela init` and migrations only; unset: ``database_url``."""
    airflow_database_url: SecretStr | None = None
    """Airflow's metadata database on a server; unset: database ``airflow`` beside the other."""
    kms: str = "file:"
    """The key-management provider by URI: ``file:`` (root generations in ``home/kms``), ``file:/FOLDER``,
    ``pkcs11:token=LABEL?module-path=/LIBRARY.so&pin-source=file:/PIN-FILE``, or
    ``vault:https://HOST:8200/transit?token-source=file:/TOKEN-FILE&ca=file:/CA.pem``; secrets stand in files of mode 0600."""
    backups: Path | None = None
    """Where backups go; unset: ``home/backups``. Another disk or a mounted share is better."""
    backup_days: int = 35
    """How long a backup lives; what is destroyed meanwhile can't be read in it."""
    snapshots: Path | None = None
    """Where the keyring's newest snapshot goes; unset: ``home/snapshots``. Apart from the backups, and from the KMS."""
    pg_bin: Path | None = None
    """PostgreSQL's programs; unset: those of the installed wheel."""
    chunk_rows: int = 20_000
    """Rows that travel together: the unit of a task, of a transaction, of a staging file."""
    workers: int = 2
    """Processes of `tutela ingest`, slots of Airflow's LocalExecutor."""
    quality_floor: float = 0.95
    """Score (from 0 to 1) below which a plan's quality is called bad and somebody is told."""
    notify_email: str = ""
    """Who is told of bad scores, drift, overdue rows and the month's report: addresses with commas between them. They are
    sent through Airflow's connection ``smtp_default``."""
    notify_webhook: str = ""
    """Airflow's connection (kind HTTP, the signing key as its password) that is told the same as JSON; unset: none."""
    notify_language: str = "zh"
    """Language of what is sent: zh or en."""
    console_url: str = ""
    """Address by which people reach the console, for links in what is sent; unset: its address on this machine."""
    airflow_port: int = 0
    """Port of Airflow's api-server on 127.0.0.1; 0: a free one, chosen once for each home."""

    @property
    def resolved_home(self) -> Path:
        """The home folder as an absolute path."""
        return self.home.expanduser().resolve()
