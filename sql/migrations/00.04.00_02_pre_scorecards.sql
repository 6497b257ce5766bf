-- Scorecards: failures that were settled since, and what all deliveries of a day came to.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tutela_review') THEN
    CREATE ROLE tutela_review NOLOGIN NOINHERIT;
  END IF;
END $$;

ALTER TABLE quality.score ADD COLUMN settled integer NOT NULL DEFAULT 0;
ALTER TABLE quality.score ADD CONSTRAINT score_settled CHECK (settled BETWEEN 0 AND failed);

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

-- What came in before this table was there. China keeps UTC+8 the whole year.
INSERT INTO quality.daily (plan, day, expectation, field, dimension, severity, evaluated, failed)
SELECT b.plan, (b.at AT TIME ZONE INTERVAL '8 hours')::date, s.expectation,
       (array_agg(s.field ORDER BY s.batch_id DESC))[1], (array_agg(s.dimension ORDER BY s.batch_id DESC))[1],
       (array_agg(s.severity ORDER BY s.batch_id DESC))[1], sum(s.evaluated), sum(s.failed)
  FROM quality.score s JOIN vault.batch b USING (batch_id)
 GROUP BY 1, 2, 3;

-- The history of a rule, and the last day on which it was asked and nothing failed.
CREATE INDEX daily_by_rule ON quality.daily (plan, expectation, day);
CREATE INDEX daily_sound ON quality.daily (plan, expectation, day) WHERE failed = 0 AND evaluated > 0;

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

-- How many rows wait for a steward, by plan and by each rule that they broke ('': all of them); kept by every statement
-- that brings in, moves or removes quarantined rows, because counting 100,000 of them at each look takes too long.
CREATE TABLE quality.waiting (
  plan  text NOT NULL,
  rule  text NOT NULL,
  rows  bigint NOT NULL CHECK (rows >= 0),
  PRIMARY KEY (plan, rule)
);

CREATE FUNCTION quality.count_waiting() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO quality.waiting AS w
    SELECT plan, rule, count(*) FROM now_there, unnest(array_append(failed, '')) rule WHERE state = 'waiting' GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (plan, rule) DO UPDATE SET rows = w.rows + excluded.rows;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    UPDATE quality.waiting w SET rows = w.rows - gone.rows
      FROM (SELECT plan, rule, count(*) AS rows FROM then_there, unnest(array_append(failed, '')) rule
             WHERE state = 'waiting' GROUP BY 1, 2) gone
     WHERE w.plan = gone.plan AND w.rule = gone.rule;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER quarantine_came AFTER INSERT ON quality.quarantine REFERENCING NEW TABLE AS now_there
  FOR EACH STATEMENT EXECUTE FUNCTION quality.count_waiting();
CREATE TRIGGER quarantine_went AFTER DELETE ON quality.quarantine REFERENCING OLD TABLE AS then_there
  FOR EACH STATEMENT EXECUTE FUNCTION quality.count_waiting();
CREATE TRIGGER quarantine_moved AFTER UPDATE ON quality.quarantine
  REFERENCING OLD TABLE AS then_there NEW TABLE AS now_there
  FOR EACH STATEMENT EXECUTE FUNCTION quality.count_waiting();

-- What is overdue, and how old the middle one of the waiting rows is.
CREATE INDEX quarantine_due ON quality.quarantine (plan, due_at) WHERE state = 'waiting';
CREATE INDEX quarantine_age ON quality.quarantine (plan, arrived_at) WHERE state = 'waiting';
-- What was decided of a plan's rows in a period, and by when it was to be.
CREATE INDEX decision_of_plan ON quality.decision (plan, at);
CREATE INDEX decision_of_batch ON quality.decision (batch_id);
CREATE INDEX batch_by_time ON vault.batch (at);

INSERT INTO quality.waiting
SELECT plan, rule, count(*) FROM quality.quarantine, unnest(array_append(failed, '')) rule WHERE state = 'waiting' GROUP BY 1, 2;

-- The figures of a closed month as they were when they were drawn up; the ledger has the hash of the report.
CREATE TABLE quality.month_report (
  month    text PRIMARY KEY CHECK (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  report   jsonb NOT NULL,                      -- counts and names only
  sha256   text NOT NULL,
  at       timestamptz NOT NULL
);
CREATE TRIGGER month_report_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON quality.month_report
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();

-- What was told on which way, so that nobody is told twice.
CREATE TABLE quality.told (
  kind     text NOT NULL CHECK (kind IN ('score', 'drift', 'overdue', 'month')),
  plan     text NOT NULL,                       -- '' for all
  about    text NOT NULL,                       -- run, day or month
  channel  text NOT NULL CHECK (channel IN ('email', 'webhook')),
  at       timestamptz NOT NULL,
  PRIMARY KEY (kind, plan, about, channel)
);

-- Who stores counts; who decides about a row says that its failures are settled, and may change nothing else.
GRANT SELECT, INSERT, UPDATE ON quality.daily TO tutela_ingest;
GRANT SELECT ON quality.score, quality.daily TO tutela_review;
GRANT UPDATE (settled) ON quality.score, quality.daily TO tutela_review;
GRANT SELECT ON quality.daily TO tutela_verify, tutela_audit, tutela_steward;
GRANT SELECT, INSERT ON quality.shape TO tutela_ingest;
GRANT SELECT, INSERT, UPDATE ON quality.drift TO tutela_ingest;
GRANT SELECT ON quality.shape, quality.drift, quality.waiting TO tutela_verify, tutela_audit, tutela_steward;
GRANT SELECT ON quality.waiting TO tutela_review;
GRANT SELECT, INSERT ON quality.month_report, quality.told TO tutela_ingest;
GRANT SELECT ON quality.month_report, quality.told TO tutela_verify, tutela_audit;
GRANT SELECT ON quality.daily, quality.shape, quality.drift, quality.waiting,
   quality.month_report, quality.told TO tutela_backup;
