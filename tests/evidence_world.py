"""An installation in miniature for tests: it writes a ledger, destroys, certifies, and exports."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.evidence import bundle, certificate, checkpoint, entries, merkle, signature
from pipelines.evidence.certificate import (
    Authority,
    Case,
    Certificate,
    CheckResult,
    Derivative,
    DestroyedKeys,
    Door,
    LedgerPlace,
    Limit,
    Manifest,
    Method,
    OpenNotice,
    People,
    ProvenEntry,
    Recipients,
    Residual,
    Rotation,
    Spared,
    Times,
    Trigger,
    WorkOrder,
)
from pipelines.records import Origin, Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.evidence.checkpoint import Checkpoint
    from pipelines.evidence.entries import Entry

DAWN = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
SCHEDULE = bytes(range(32))
MANIFEST_HASH = bytes(range(100, 132))
RECORDS = 1_204


def minute(number: int) -> datetime:
    """Tell the time some minutes after the beginning."""
    return DAWN + timedelta(minutes=number)


def whole_checks(records: int = RECORDS) -> tuple[CheckResult, ...]:
    """Give the checks of a destruction that went well."""
    return (
        CheckResult("rows_gone", records, records),
        CheckResult("indexes_gone", records, records),
        CheckResult("keys_gone", 3, 3),
        CheckResult("samples_unreadable", 64, 64),
        CheckResult("generation_gone", 1, 1),
        CheckResult("counts_match", records, records),
    )


def a_case(name: str = "DS-20260105-0001") -> Case:
    """Describe the nightly destruction of three cohorts."""
    return Case(
        id=name,
        authority=Authority(
            trigger=Trigger.EXPIRY,
            grounds=("PIPL-47", "R-MKT", "R-REL"),
            schedule_hash=SCHEDULE,
            approval="SA-2026-1",
            standing=True,
            door=Door.STANDING,
        ),
        manifest=Manifest(
            root=certificate.manifest_root(number.to_bytes(16, "big") for number in range(RECORDS)),
            records=RECORDS,
            by_plan={"counter_customers": 204, "web_registrations": 1_000},
            by_category={"I01": 1_204, "I02": 204, "I05": 1_000},
            by_level={"L2": 1_204, "L3": 1_204, "L4": 204},
            cohorts={"R-REL/2026-01-04": 204, "R-MKT/2026-01-03": 400, "R-MKT/2026-01-04": 600},
            hash=MANIFEST_HASH,
            derivatives=7,
        ),
        method=Method("postgresql.vault", ("cryptographic_erase", "row_delete"), "tutela", "0.2.0"),
        keys=(DestroyedKeys("cohort", keys=3, pages=1),),
        rotation=Rotation("file", "file: the key file is overwritten once and removed.", 6, 7),
        people=People("system:schedule", "leader", "system:purge", "system:verification", "auditor"),
        times=Times(minute(1), minute(2), minute(3), minute(4), minute(5), minute(6)),
        checks=whole_checks(),
        removed={"rows": RECORDS, "blind_indexes": 2_408},
        residuals=(Residual("wal", date(2026, 1, 6)), Residual("backups", date(2026, 2, 4))),
        recipients=Recipients(told=2, acknowledged=1, open=(OpenNotice("P-LOGISTICS", date(2026, 1, 20)),)),
        limits=(Limit.WAL, Limit.BACKUPS, Limit.KMS, Limit.MEMORY),
        derivatives=(Derivative("release", 5), Derivative("backup", 0, 2, date(2026, 2, 4))),
        work_orders=(WorkOrder("paper", "shred_P5", 1, 2, ("archivist",), (bytes(range(1, 33)),)),),
        spared=Spared(held=3, restricted=41, reviewed=1),
    )


def an_erasure(name: str = "DS-20260105-0002") -> Case:
    """Describe the erasure of two people who asked for it: their own keys, and a leader who approved this manifest."""
    people = People("privacy_officer", "leader", "system:purge", "system:verification", "auditor")
    manifest = replace(a_case().manifest, hash=MANIFEST_HASH, subjects=2)
    authority = Authority(
        Trigger.REQUEST, ("PIPL-47",), SCHEDULE, "AP-2026-7", standing=False, request="RQ-2026-7", door=Door.AIRFLOW,
        approval_hash=MANIFEST_HASH,
    )  # fmt: skip
    keys = (DestroyedKeys("subject", keys=2, pages=2), DestroyedKeys("cohort", keys=0, pages=0))
    checks = tuple(replace(check, of=2, held=2) if check.name == "keys_gone" else check for check in whole_checks())
    return replace(a_case(name), authority=authority, manifest=manifest, people=people, keys=keys, checks=checks)


def told(case: Case) -> tuple[Entry, ...]:
    """Say in the ledger what a case says."""
    verdict = certificate.verdict(case.checks, case.manifest.records).value
    statuses = {check.name: check.status.value for check in case.checks}
    people, times, root = case.people, case.times, case.manifest.root
    trigger, schedule, records = case.authority.trigger.value, case.authority.schedule_hash, case.manifest.records
    keys = {key.ring: key.keys for key in case.keys}
    old, new = case.rotation.old_generation, case.rotation.new_generation
    authority, manifest, door = case.authority, case.manifest.hash or b"", case.authority.door
    return (
        entries.destruction_applied(
            case.id, trigger, root, records, schedule, people.applicant, times.applied, manifest
        ),
        entries.destruction_approved(
            case.id, root, authority.approval, people.approver, times.approved, manifest, door.value if door else None
        ),
        entries.generation_created(new, "file", times.keys_destroyed),
        entries.keys_destroyed(case.id, keys, old, new, people.executor, times.keys_destroyed),
        entries.generation_destroyed(old, "file", times.keys_destroyed),
        entries.rows_removed(case.id, case.removed, people.executor, times.rows_removed),
        entries.destruction_verified(case.id, verdict, statuses, people.witness, times.verified),
        entries.destruction_confirmed(case.id, verdict, people.confirmer or "nobody", times.confirmed or minute(9)),
    )


def a_morning() -> tuple[Entry, ...]:
    """Say what happens before anything is destroyed: a home, and one ingested delivery."""
    origin = Origin("counter_customers", "manual__2026-01-05", UUID("7e1f0000-5d3c-4a5b-8c11-0123456789ab"), 0)
    outcome = Outcome(origin.plan, origin.run, 10, {"consent.missing": 2}, {"id_number.checksum": 1}, 7)
    return (
        entries.home_initialised("tutela-1", bytes(32), "0.1.0", DAWN),
        entries.batch_stored(origin, 10, 7, SCHEDULE, DAWN),
        entries.rows_refused(origin, "consent.missing", 2, DAWN),
        entries.rows_quarantined(origin, "id_number.checksum", 1, DAWN),
        entries.run_finished(outcome, DAWN),
    )


@dataclass
class Installation:
    """A ledger in memory with the key that signs it."""

    origin: str = "tutela-1"
    seed: int = 1
    log: list[bytes] = field(default_factory=list)
    heads: list[Checkpoint] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)

    @property
    def key(self) -> Ed25519PrivateKey:
        """The private key, the same for the same seed."""
        return Ed25519PrivateKey.from_private_bytes(bytes([self.seed]) * 32)

    @property
    def public_key(self) -> bytes:
        """The public half."""
        return signature.public_bytes(self.key)

    def append(self, *new: Entry) -> Checkpoint:
        """Append entries and sign the head."""
        self.log += [entries.canonical(entry) for entry in new]
        root = merkle.root(merkle.leaf_hashes(self.log))
        head = checkpoint.sign(self.key, self.origin, len(self.log), root, minute(len(self.log)))
        self.heads.append(head)
        return head

    def place(self, head: Checkpoint, first: int) -> LedgerPlace:
        """Prove the entries from a position on to be in a head."""
        leaves = merkle.leaf_hashes(self.log[: head.size])
        seqs = range(first, head.size)
        proofs = merkle.inclusion_proofs(leaves, seqs)
        proven = (ProvenEntry(seq, self.log[seq].decode(), path) for seq, path in zip(seqs, proofs, strict=True))
        return LedgerPlace(head, tuple(proven))

    def destroy(self, case: Case) -> Certificate:
        """Tell a case in the ledger and certify it."""
        first = len(self.log)
        place = self.place(self.append(*told(case)), first)
        drawn = certificate.build(case, place, self.public_key, minute(60))
        self.certificates.append(certificate.sign(drawn, self.key))
        return self.certificates[-1]

    def export(self, path: Path) -> Path:
        """Write the bundle."""
        header = bundle.Header(self.origin, self.public_key, len(self.log), minute(90))
        bundle.write_bundle(path, header, self.log, self.heads, self.certificates)
        return path


def an_installation(origin: str = "tutela-1", seed: int = 1) -> Installation:
    """Live one day: a home, a delivery, a destruction, another delivery."""
    made = Installation(origin, seed)
    made.append(*a_morning())
    made.destroy(a_case())
    made.append(*a_morning()[1:])
    return made


def resigned(document: Certificate, key: Ed25519PrivateKey, **claims: object) -> Certificate:
    """Change what a certificate claims and sign it properly: what a dishonest holder of the key could do."""
    return certificate.sign(replace(document, **claims), key)  # type: ignore[arg-type]
