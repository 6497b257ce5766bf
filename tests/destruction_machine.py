"""The machine that plays with destruction: real code, a real database, real kills, and a belief beside it.

Each rule does one thing that may happen in a home's life; after each, what must open opens and nothing else went.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import psycopg
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pipelines.errors import DestructionFailed, DestructionUnderWay, KeyUnavailable, TutelaError
from pipelines.evidence.verify import verify_file
from pipelines.jobs import approvals, backups, consents, destruction, erasure, holds, restores
from pipelines.jobs import home as homes_of_jobs
from pipelines.jobs.home import open_home
from pipelines.moments import day_of
from pipelines.retention import purge as purges
from pipelines.retention.decision import Decision
from pipelines.seal import kms
from tests.destruction_world import Belief, Copies, Kept, people_of, readable, require_sizes_of_cohorts
from tests.homes import NOON, Home, Homes, customers, die, fork

STEPS = ["applied", "approved", "new_root_named", "new_root_created", "rotated", "snapshot_written", "old_root_destroyed",
         "keys_destroyed", "rows_removed", "verified", "confirmed"]  # fmt: skip
PLAN = "counter_customers"
DUE_IN = st.sampled_from([0, 3, 20, 300])
ANY = st.integers(0, 1 << 16)


class FailingKms:
    """A provider that refuses one call, the n-th from now."""

    def __init__(self, inner: kms.Kms, calls: itertools.count[int], refused: int) -> None:
        self._inner, self._calls, self._refused = inner, calls, refused

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **more: Any) -> Any:
            if next(self._calls) == self._refused:
                raise KeyUnavailable("The key-management provider does not answer; run the same command again.")
            return found(*arguments, **more)

        return call


class DestructionMachine(RuleBasedStateMachine):
    """A home, and what is believed of it."""

    homes: ClassVar[Homes]
    ground: ClassVar[Path]
    _files: ClassVar[itertools.count[int]] = itertools.count()

    @initialize()
    def begin(self) -> None:
        self.home: Home = self.homes.blank()
        self.now = self.latest = NOON
        self.people = itertools.count(1)
        self.belief, self.saved = Belief(), None
        self.copies = Copies()
        self.exact = True
        """A finished purge tells exactly what went; not so if one before it did not finish."""
        self.checked: set[str] = set()
        for days, count in ((0, 2), (3, 1), (300, 1)):
            self.new_people(count, days)

    @property
    def today(self) -> date:
        return day_of(self.now)

    # --- what comes in, and when ---

    @rule(count=st.integers(1, 3), days=DUE_IN)
    def new_people(self, count: int, days: int) -> None:
        self._collect([next(self.people) for _ in range(count)], days)

    @precondition(lambda self: self._known())
    @rule(who=ANY, days=DUE_IN)
    def another_record(self, who: int, days: int) -> None:
        self._collect([self._pick(self._known(), who)], days)

    @rule(days=st.sampled_from([1, 3, 20, 60]))
    def days_pass(self, days: int) -> None:
        self.now = self.latest = self.latest + timedelta(days=days)

    @precondition(lambda self: self.now == self.latest)
    @rule(days=st.integers(1, 4))
    def the_clock_goes_back(self, days: int) -> None:
        self.now -= timedelta(days=days)

    # --- what people want ---

    @precondition(lambda self: self._known() - set(self.belief.held))
    @rule(who=ANY)
    def hold(self, who: int) -> None:
        person = self._pick(self._known() - set(self.belief.held), who)
        self.belief.held[person] = self._hold(person)

    @precondition(lambda self: self.belief.held)
    @rule(who=ANY)
    def release(self, who: int) -> None:
        person = self._pick(set(self.belief.held), who)
        if self._attempt(lambda: holds.release(self.home.settings, self.belief.held[person], "legal", self.now)):
            del self.belief.held[person]
            for name in self.belief.of({person}):
                kept = self.belief.alive[name]
                kept.high = max(kept.high, self.today)

    @precondition(lambda self: self._known() - self.belief.withdrawn)
    @rule(who=ANY)
    def withdraw(self, who: int) -> None:
        person = self._pick(self._known() - self.belief.withdrawn, who)
        if self._attempt(lambda: consents.withdraw(self.home.settings, self._code(person), PLAN, None, self.now)):
            self.belief.withdrawn.add(person)
            for name in self.belief.of({person}):
                kept = self.belief.alive[name]
                kept.low = min(kept.low, self.today + timedelta(15))
                kept.high = min(kept.high, self.today + timedelta(15))

    @precondition(lambda self: self._known())
    @rule(who=ANY)
    def ask_for_erasure(self, who: int) -> None:
        code = self._code(self._pick(self._known(), who))
        erasure.erase(self.home.settings, [code], "a letter", "steward", lambda: self.now)
        self._see_jobs()

    @rule()
    def a_leader_approves_what_waits(self) -> None:
        for job in approvals.waiting(self.home.settings):
            if job["origin"] == "expiry":
                continue
            yes = Decision(job["job_id"], "approved", "console", "leader", "leader", job["manifest_hash"], self.now)
            approvals.decide(self.home.settings, yes, self.now)
            self.belief.approved.add(job["job_id"])

    # --- destruction, and what gets in its way ---

    @rule()
    def purge(self) -> None:
        may, must = self._before()
        self._after(may, must, self._purge())

    @precondition(lambda self: self.belief.may_go(self.today))
    @rule(step=st.sampled_from(STEPS))
    def purge_killed(self, step: str) -> None:
        may, must = self._before()
        ended = fork(lambda: self._purge(lambda name: die() if name == step else None))
        assert ended in {0, -9}
        self._after(may, must if ended == 0 else None, None)

    @precondition(lambda self: self.belief.may_go(self.today))
    @rule(refused=st.integers(0, 40))
    def purge_with_a_failing_kms(self, refused: int) -> None:
        calls, real = itertools.count(), kms.open_kms
        may, must = self._before()
        with mock.patch.object(
            homes_of_jobs, "open_kms", lambda uri, folder: FailingKms(real(uri, folder), calls, refused)
        ):
            purged = self._purge(refusals=(KeyUnavailable, DestructionFailed))
        self._after(may, must if purged else None, purged)

    @precondition(lambda self: self.belief.may_go(self.today))
    @rule(step=st.sampled_from(STEPS), turns=st.booleans(), killed_at=st.sampled_from([None, *STEPS]))
    def two_purges(self, step: str, turns: bool, killed_at: str | None) -> None:
        """While one is at a step another is started; without turns: the first has lost its own, and does not know it."""
        may, must = self._before()

        def other() -> None:
            with nullcontext() if turns else mock.patch.object(purges, "turn", return_value=nullcontext()):
                self._purge(lambda name: die() if name == killed_at else None, refusals=(TutelaError,))

        started: list[int] = []
        purged = self._purge(
            lambda name: started.append(fork(other)) if name == step and not started else None,
            refusals=() if turns else (TutelaError,),
        )
        self._after(may, must if purged and (turns or not started) else None, purged if turns else None)

    @rule()
    def backup(self) -> None:
        try:
            backups.create(self.home.settings, lambda: self.now)
        except DestructionUnderWay:
            return
        self.saved = copy.deepcopy(self.belief)

    @precondition(lambda self: self.saved is not None)
    @rule()
    def the_database_is_lost(self) -> None:
        if not any(found["state"] == "ok" for found in backups.listed(self.home.settings)):
            return  # the time of all of them was up
        with psycopg.connect(self.homes._server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {self.home.admin.rpartition('/')[2]} WITH (FORCE)")
        found = restores.restore(self.home.settings, lambda: self.now).as_json()
        self._believe_the_backup()
        for lost in found["lost_holds"]:
            person = next(person for person, known in self.belief.held.items() if known == lost)
            if person in self._known():
                self.belief.held[person] = self._hold(person)
            else:
                del self.belief.held[person]
            holds.release(self.home.settings, lost, "legal", self.now)
        assert self.home.ledger_holds()

    # --- after each ---

    @invariant()
    def what_must_open_opens(self) -> None:
        found, belief = readable(self.home), self.belief
        assert {name: belief.alive[name].values for name in belief.alive if name not in belief.doomed} == found
        assert not belief.gone & set(people_of(self.home))
        subjects = {(kept.person, subject) for name, subject in people_of(self.home).items()
                    if (kept := belief.alive.get(name))}  # fmt: skip
        assert len(subjects) == len({person for person, _ in subjects}) == len({number for _, number in subjects})

    @invariant()
    def manifests_add_up_and_certificates_are_of_what_is_confirmed(self) -> None:
        for name, state, said, certified in self.home.rows(
            "SELECT job_id, state::text, manifest, certificate IS NOT NULL FROM destruction.job"
        ):
            assert certified == (state == "confirmed"), name
            if "names" in said:
                assert said["records"] == sum(said["by_plan"].values()) == sum(said["by_level"].values()) > 0
                assert said["records"] == sum(said["names"].values())

    @invariant()
    def what_is_kept_of_each_cohorts_size_is_what_lies_there(self) -> None:
        require_sizes_of_cohorts(self.home)

    def teardown(self) -> None:
        if hasattr(self, "home"):
            self._finish()
            self.homes.drop(self.home)

    # --- how ---

    def _known(self) -> set[int]:
        """People who have a record that is not about to go."""
        belief = self.belief
        return {kept.person for name, kept in belief.alive.items() if name not in belief.doomed} - {
            belief.alive[name].person for name in belief.doomed
        }

    @staticmethod
    def _pick(people: set[int], who: int) -> int:
        return sorted(people)[who % len(people)]

    def _code(self, person: int) -> str:
        name = next(iter(self.belief.of({person})))
        return str(self.home.value(
            "SELECT code FROM vault.subject JOIN vault.record USING (subject_id) WHERE record_id = %s", name))  # fmt: skip

    def _hold(self, person: int) -> str:
        return holds.add(self.home.settings, self._code(person), "a suit", "legal", date(2026, 12, 1), self.now)

    def _collect(self, people: list[int], days: int) -> None:
        due = self.today + timedelta(days)
        last = due.replace(year=due.year - 3) if (due.month, due.day) != (2, 29) else date(due.year - 3, 2, 28)
        number = next(self._files)
        path = customers(
            self.ground / f"machine_{number}.csv", people, last=last.isoformat(), 备注=f"第{number}次"
        )  # never the same bytes twice
        before = set(people_of(self.home))
        outcome = self.home.collect(PLAN, path, at=self.now)
        withdrawn = [person for person in people if person in self.belief.withdrawn]
        assert outcome.stored == len(people) - len(withdrawn)
        for name, values in readable(self.home).items():
            if name not in before:
                person = next(one for one in people if mobile_of(values) == one)
                self.belief.alive[name] = Kept(person, values, due, due, due)
        self.copies.take(self.home)

    def _attempt(self, work: Callable[[], object]) -> bool:
        """Do what may be refused while a destruction is half done, and then only."""
        try:
            work()
        except KeyUnavailable:
            assert self.belief.doomed
            return False
        return True

    def _purge(
        self, step: Callable[[str], object] = lambda _: None, refusals: tuple[type[TutelaError], ...] = ()
    ) -> destruction.Purge | None:
        try:
            return self.home.purge(self.today, self.now, step=step)
        except refusals:
            return None

    def _before(self) -> tuple[set[str], set[str]]:
        self.copies.take(self.home)
        return self.belief.may_go(self.today), self.belief.must_go(self.today)

    def _after(self, may: set[str], must: set[str] | None, purged: destruction.Purge | None) -> None:
        """Compare with what was to be expected; ``must`` is None where the purge did not come to its end."""
        self.copies.take(self.home)
        belief = self.belief
        lost = set(belief.alive) - set(readable(self.home))
        assert lost <= may, "what must not go went"
        if must is None:
            belief.pending |= {name for name in may if name in belief.alive}
            belief.doomed, self.exact = lost, False
            return
        assert must <= lost, "what must go did not"
        assert not lost & set(people_of(self.home))
        if purged is not None:
            assert (purged.verdict == "PASS") == (purged.destroyed > 0)
            assert not self.exact or purged.destroyed == len(lost)
        for name in lost:
            del belief.alive[name]
        belief.gone |= lost
        belief.doomed, belief.pending, self.exact = set(), set(), True
        assert self.copies.opens(self.home, belief.gone) == set()
        self._see_jobs()
        self._check_evidence()

    def _see_jobs(self) -> None:
        """Note what those had whom a new destruction on request names."""
        about = people_of(self.home)
        known = {job for job, _ in self.home.rows("SELECT job_id, 1 FROM destruction.job WHERE state = 'applied'")}
        for job, subject in self.home.rows(
            "SELECT job_id, key_id FROM destruction.target JOIN destruction.job USING (job_id) "
            "WHERE ring = 'subject' AND state = 'applied'"
        ):
            if job not in self.belief.jobs:
                names = {name for name, of in about.items() if of == subject}
                people = {self.belief.alive[name].person for name in names}
                self.belief.jobs[job] = (people, frozenset(self.belief.of(people)))
        self.belief.jobs = {job: said for job, said in self.belief.jobs.items() if job in known}

    def _believe_the_backup(self) -> None:
        """What came after the backup is lost, but for what was destroyed, and what holds there are."""
        now, then = self.belief, self.saved
        assert then is not None
        alive = {name: kept for name, kept in then.alive.items() if name not in now.gone}
        for name, kept in alive.items():
            kept.low = min(kept.low, now.alive[name].low)
            kept.high = max(kept.high, now.alive[name].high) if kept.person in now.withdrawn else now.alive[name].high
        self.belief = Belief(alive, now.gone, held=dict(now.held), withdrawn=then.withdrawn, pending=now.pending)
        self.belief.pending &= set(alive)
        self.belief.doomed = (set(alive) - set(readable(self.home))) & now.doomed
        self.saved, self.exact = copy.deepcopy(self.belief), False
        self._see_jobs()
        self.belief.jobs = {job: (people, None) for job, (people, _) in self.belief.jobs.items()}
        self.belief.approved = {job for (job,) in self.home.rows("SELECT job_id FROM destruction.approval")}

    def _check_evidence(self) -> None:
        assert self.home.ledger_holds()
        opened = open_home(self.home.settings)
        for (job,) in self.home.rows("SELECT job_id FROM destruction.job WHERE state = 'confirmed'"):
            path = self.home.folder / "certificates" / f"{job}.json"
            if job not in self.checked:
                report = verify_file(path, opened.public_key, opened.anchors)
                wrong = [(check.name, check.detail) for check in report.checks if not check.ok]
                assert not wrong, wrong
                self.checked.add(job)

    def _finish(self) -> None:
        """Whatever happened: one undisturbed purge brings everything to its end."""
        self.purge()
        self.what_must_open_opens()
        assert len(self.home.root_keys()) == 1
        left = self.home.rows("SELECT state::text FROM destruction.job WHERE state NOT IN ('confirmed', 'blocked', 'rejected') "
                              "AND NOT (state = 'applied' AND origin <> 'expiry')")  # fmt: skip
        assert left == []


def mobile_of(values: dict[str, Any]) -> int:
    """Tell people apart by their mobile number."""
    return int(str(values["mobile"])[-8:])
