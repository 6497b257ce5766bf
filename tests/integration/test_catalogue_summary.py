"""What the catalogue shows is a summary kept by its writers: it is always what a count over everything gives."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from pipelines.jobs.home import open_home
from pipelines.settings import CHECKOUT
from pipelines.store import catalogue
from pipelines.store.database import Role
from tests.homes import NOON, Home, Homes

HISTORY = """
WITH profile AS (
  SELECT b.plan, b.run, coalesce(k.at, b.at) AS at, p.*
    FROM catalog.column_profile p JOIN vault.batch b USING (batch_id) LEFT JOIN catalog.look k USING (batch_id, look)
   WHERE b.source = 'delivery'
), most AS (
  SELECT DISTINCT ON (plan, run, look, field) *
    FROM profile ORDER BY plan, run, look, field, level DESC NULLS LAST, cells DESC, batch_id DESC
), of_run AS (
  SELECT m.plan, m.run, m.look, m.field, m.declared, m.entity, m.category, m.level, m.code, m.confidence, m.recognizers,
         max(p.batch_id) AS last, max(p.at) AS at, sum(p.cells)::bigint AS cells,
         coalesce(sum(p.found) FILTER (WHERE p.entity IS NOT DISTINCT FROM m.entity), 0)::bigint AS found
    FROM most m JOIN profile p USING (plan, run, look, field)
   GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
)
SELECT plan, run, look, field, declared, entity, category, level, code, confidence, recognizers, last, at, cells, found,
       lead(last) OVER w IS NULL AS newest,
       lag(last) OVER w IS NULL
       OR (declared, entity, level) IS DISTINCT FROM (lag(declared) OVER w, lag(entity) OVER w, lag(level) OVER w) AS changed
  FROM of_run WINDOW w AS (PARTITION BY plan, field ORDER BY last, look) ORDER BY plan, field, last, look
"""
KNOWN = """
WITH speaking AS (
  SELECT b.plan, b.run, b.at AS first_at, n.batch_id, n.look, n.at AS last_at,
         row_number() OVER (PARTITION BY b.plan, b.delivery_id ORDER BY n.at DESC, n.batch_id DESC) = 1 AS last_word
    FROM catalog.newest_look n JOIN vault.batch b USING (batch_id)
   WHERE b.source = 'delivery'
), seen AS (
  SELECT s.plan, s.run, f.field, f.kind, f.declared, f.found, max(s.batch_id) AS last, min(s.first_at) AS first_at,
         max(s.last_at) AS last_at, max(f.level) AS level, sum(f.cells)::bigint AS cells, max(f.share) AS share
    FROM speaking s JOIN catalog.finding f USING (batch_id, look)
   WHERE s.last_word OR f.kind = 'level_raised'
   GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT DISTINCT ON (plan, field, kind, declared, found) plan, field, kind, declared, found, level, cells, share, run,
       min(first_at) OVER w AS first_at, max(last_at) OVER w AS last_at, count(*) OVER w AS runs
  FROM seen WINDOW w AS (PARTITION BY plan, field, kind, declared, found)
 ORDER BY plan, field, kind, declared, found, last DESC
"""
KEPT = """
SELECT plan, run, look, field, declared, entity, category, level, code, confidence, recognizers, last, at, cells, found,
       newest, changed
  FROM catalog.column_run ORDER BY plan, field, last, look
"""
FULL = {
    "columns": (HISTORY, KEPT),
    "findings": (KNOWN, "SELECT * FROM catalog.finding_known ORDER BY plan, field, kind, declared, found"),
    "readings": (
        "SELECT batch_id, look, at, recognizers FROM catalog.newest_look ORDER BY batch_id",
        "SELECT * FROM catalog.reading ORDER BY batch_id",
    ),
}
"""What to compare, counted over everything and as it is kept."""
FIELDS = ("mobile", "occupation", "remarks")
ENTITIES = ("PHONE_NUMBER", "CN_ID_CARD", "OCCUPATION", None)
KINDS = ("over_collection", "level_raised")


class Story:
    """A random life of a catalogue: deliveries of several chunks, runs that cross each other, looks at old batches."""

    def __init__(self, home: Home, seed: int) -> None:
        self.home, self.database, self.chance = home, open_home(home.settings).database, Random(seed)
        self.looks: dict[int, int] = {}
        self.clock = NOON

    def step(self) -> None:
        """Let one batch arrive, or look at one again."""
        self.clock += timedelta(minutes=self.chance.choice((0, 1, 600)))
        if self.looks and self.chance.random() < 0.35:
            self.look(self.chance.choice(list(self.looks)))
        else:
            self.arrive()

    def arrive(self) -> None:
        """Bring in one chunk, of a delivery and under a run that there may be already."""
        plan, delivery = f"plan_{self.chance.randint(1, 2)}", UUID(int=self.chance.randint(1, 4))
        chunk = 1 + (self.home.value("SELECT max(chunk) FROM vault.batch WHERE delivery_id = %s", delivery) or 0)
        with self.home.sql() as connection:
            connection.execute(
                "INSERT INTO vault.delivery VALUES (%s, %s, 10, %s) ON CONFLICT DO NOTHING",
                (delivery, plan, self.clock),
            )
            number = connection.execute(
                "INSERT INTO vault.batch (plan, delivery_id, chunk, run, arrived, stored, refused, quarantined, level, at,"
                " source) VALUES (%s, %s, %s, %s, 10, 10, '{}', '{}', 2, %s, %s) RETURNING batch_id",
                (plan, delivery, chunk, f"run_{self.chance.randint(1, 3)}", self.clock, self.source()),
            ).fetchone()
        assert number is not None
        self.looks[number[0]] = 0
        self.write(number[0], 0, Role.INGEST)

    def look(self, batch: int) -> None:
        """Look at a batch again."""
        self.looks[batch] += 1
        with self.home.sql() as connection:
            row = (batch, self.looks[batch], self.reads(), self.clock)
            connection.execute("INSERT INTO catalog.look VALUES (%s, %s, %s, 10, %s)", row)
        self.write(batch, self.looks[batch], Role.CLASSIFY)

    def write(self, batch: int, look: int, role: Role) -> None:
        """Write what was seen, as collection and reclassification do."""
        fields = [field for field in FIELDS if self.chance.random() < 0.8]
        with self.database.begin(role) as tx:
            profiles = [self.profile(field) for field in fields]
            catalogue.put_profiles(tx, batch, profiles, dict.fromkeys(FIELDS, "declared"), self.reads(), look)
            found = {(each.field, each.kind, each.found): each for each in map(self.finding, fields)}
            catalogue.put_findings(tx, batch, found.values(), look)

    def source(self) -> str:
        return "steward" if self.chance.random() < 0.1 else "delivery"

    def reads(self) -> str | None:
        return (
            self.chance.choice(("older", "newer", None)) if not self.looks else self.chance.choice(("older", "newer"))
        )

    def profile(self, field: str) -> Any:
        return SimpleNamespace(
            name=field, entity=self.chance.choice(ENTITIES), category="C", level=self.chance.choice((1, 2, 4, None)),
            code="c", confidence=0.5, cells=self.chance.randint(1, 9), found=self.chance.randint(0, 9), also={}, share=0.5,
        )  # fmt: skip

    def finding(self, field: str) -> Any:
        return SimpleNamespace(
            field=field, kind=self.chance.choice(KINDS), declared=self.chance.choice(("A", "B")),
            found=self.chance.choice(ENTITIES), level=self.chance.randint(1, 4), confidence=0.5,
            cells=self.chance.randint(1, 9), share=self.chance.choice((0.25, 0.5)),
        )  # fmt: skip


def agrees(home: Home) -> None:
    """Compare what is kept with what a count over everything gives."""
    for what, (everything, kept) in FULL.items():
        assert home.rows(kept) == home.rows(everything), what


@pytest.mark.parametrize("seed", range(4))
def test_the_summary_is_what_a_count_over_everything_gives_after_each_step(home: Home, seed: int) -> None:
    story = Story(home, seed)
    for _ in range(30):
        story.step()
        agrees(home)
    assert home.value("SELECT count(*) FROM catalog.column_run WHERE changed") > 3
    assert home.value("SELECT count(*) FROM catalog.finding_known") > 3


def test_the_migration_fills_the_summary_of_a_vault_that_had_none(homes: Homes) -> None:
    home = homes.blank()
    story = Story(home, 7)
    for _ in range(30):
        story.step()
    with home.sql() as connection:
        connection.execute("DROP TABLE catalog.reading, catalog.column_run, catalog.finding_run, catalog.finding_known")
        connection.execute("DROP FUNCTION catalog.summarize, catalog.summarize_columns, catalog.summarize_findings")
        [script] = (CHECKOUT / "sql" / "migrations").glob("*_pre_catalogue_summary.sql")
        connection.execute(script.read_bytes())
    agrees(home)
    homes.drop(home)


REFUSED = (
    "UPDATE catalog.column_run SET level = 1",
    "DELETE FROM catalog.finding_known",
    "SELECT catalog.summarize_findings(1)",
)


def test_nobody_writes_the_summary_but_by_what_it_follows_from(home: Home) -> None:
    for role in ("tutela_ingest", "tutela_classify", "tutela_steward", "tutela_audit"):
        for attempt in REFUSED:
            with home.sql(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attempt)
