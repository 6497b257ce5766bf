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

-- What a batch looked like from afar. A word is one that the suite or the policy names; what else cells held is not here.
CREATE TABLE quality.shape (
  batch_id  bigint NOT NULL REFERENCES vault.batch,
  field     text NOT NULL,
  rows      integer NOT NULL CHECK (rows >= 0),
  missing   integer NOT NULL CHECK (missing BETWEEN 0 AND rows),
  words     jsonb,                              -- word -> rows; NULL: the field has no closed set
  PRIMARY KEY (batch_id, field)
);

-- What a run looked like beside the runs before it.
CREATE TABLE quality.drift (
  plan     text NOT NULL,
  run      text NOT NULL,
  measure  text NOT NULL CHECK (measure IN ('volume', 'missing', 'words')),
  field    text NOT NULL,                       -- '' for the volume
  sign     text NOT NULL CHECK (sign IN ('steady', 'info', 'warning', 'unknown')),
  value    double precision NOT NULL,
  low      double precision,
  high     double precision,
  runs     smallint NOT NULL CHECK (runs >= 0), -- earlier ones that it rests on
  word     text,
  share    double precision,
  usual    double precision,
  at       timestamptz NOT NULL,
  PRIMARY KEY (plan, run, measure, field)
);
CREATE INDEX drift_said ON quality.drift (plan, at) WHERE sign IN ('info', 'warning');
CREATE INDEX batch_by_plan ON vault.batch (plan, batch_id);

-- Who stores counts; who decides about a row says that its failures are settled, and may change nothing else.
GRANT SELECT, INSERT, UPDATE ON quality.daily TO tutela_ingest;
GRANT SELECT ON quality.score, quality.daily TO tutela_review;
GRANT UPDATE (settled) ON quality.score, quality.daily TO tutela_review;
GRANT SELECT ON quality.daily TO tutela_verify, tutela_audit, tutela_steward;
GRANT SELECT, INSERT ON quality.shape TO tutela_ingest;
GRANT SELECT, INSERT, UPDATE ON quality.drift TO tutela_ingest;
GRANT SELECT ON quality.shape, quality.drift TO tutela_verify, tutela_audit, tutela_steward;
