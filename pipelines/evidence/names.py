"""Names that the platform gives to what it puts on record: runs, destructions, holds. Pure.

The ledger refuses whatever reads like the number of a person, card or enterprise (`guard`). A time, a process and chance
written side by side are such numbers now and then, so each group of digits begins with a letter here.
"""

from __future__ import annotations

from datetime import datetime


def run_of_command(at: datetime, process: int, chance: bytes) -> str:
    """Name a run of `tutela ingest`; its third part is the process's number."""
    return f"cli-{at:%Y%m%d}T{at:%H%M%S}-p{process}-x{chance.hex()}"


def destruction(at: datetime, chance: bytes) -> str:
    """Name a destruction."""
    return f"DS-{at:%Y%m%d}-x{chance.hex()}"


def hold(at: datetime, chance: bytes) -> str:
    """Name a legal hold."""
    return f"HD-{at:%Y%m%d}-x{chance.hex()}"


def request(at: datetime, chance: bytes) -> str:
    """Name a request for destruction."""
    return f"RQ-{at:%Y%m%d}-x{chance.hex()}"


def backup(at: datetime, chance: bytes) -> str:
    """Name a backup."""
    return f"BK-{at:%Y%m%d}-x{chance.hex()}"


def restore(at: datetime, chance: bytes) -> str:
    """Name a restore."""
    return f"RS-{at:%Y%m%d}-x{chance.hex()}"


def derivative(at: datetime, chance: bytes) -> str:
    """Name a registered copy."""
    return f"DV-{at:%Y%m%d}-x{chance.hex()}"


def notice(at: datetime, chance: bytes) -> str:
    """Name a notice to a recipient."""
    return f"DN-{at:%Y%m%d}-x{chance.hex()}"


def work_order(at: datetime, chance: bytes) -> str:
    """Name a work order to a keeper."""
    return f"WO-{at:%Y%m%d}-x{chance.hex()}"


def event(at: datetime, chance: bytes) -> str:
    """Name something that happened to a data subject and that retention counts from."""
    return f"EV-{at:%Y%m%d}-x{chance.hex()}"


def correction(at: datetime, chance: bytes) -> str:
    """Name a steward's correction of the catalogue."""
    return f"CC-{at:%Y%m%d}-x{chance.hex()}"


def decision(at: datetime, chance: bytes) -> str:
    """Name a steward's decision about quarantined rows."""
    return f"QD-{at:%Y%m%d}-x{chance.hex()}"


def reveal(at: datetime, chance: bytes) -> str:
    """Name a look at a quarantined value in clear."""
    return f"RV-{at:%Y%m%d}-x{chance.hex()}"
