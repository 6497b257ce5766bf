-- Scorecards: what all deliveries of a day came to, expectation by expectation, so that a trend over a year is read from
-- a few thousand rows. Counts and names only. A day is a calendar day in China.

CREATE TABLE quality.daily (
  plan         text NOT NULL,
  day          date NOT NULL,
  expectation  text NOT NULL,                   -- <field>.<rule>
  field        text NOT NULL,
  dimension    text NOT NULL,                   -- GB/T 36344
  severity     text NOT NULL CHECK (severity IN ('critical', 'warning', 'info')),   -- as the last batch of the day had it
  evaluated    bigint NOT NULL CHECK (evaluated >= 0),
  failed       bigint NOT NULL CHECK (failed BETWEEN 0 AND evaluated),
  settled      bigint NOT NULL DEFAULT 0 CHECK (settled BETWEEN 0 AND failed),   -- see quality.score
  PRIMARY KEY (plan, day, expectation)
);

-- Who stores counts; who decides about a row says that its failures are settled, and may change nothing else.
GRANT SELECT, INSERT, UPDATE ON quality.daily TO tutela_ingest;
GRANT SELECT ON quality.score, quality.daily TO tutela_review;
GRANT UPDATE (settled) ON quality.score, quality.daily TO tutela_review;
GRANT SELECT ON quality.daily TO tutela_verify, tutela_audit, tutela_steward;
