-- Quality: what each batch scored, and the rows that wait for a steward. No column holds a customer's value in clear.

CREATE TABLE quality.score (
  batch_id     bigint NOT NULL REFERENCES vault.batch,
  expectation  text NOT NULL,                   -- <field>.<rule>
  field        text NOT NULL,
  dimension    text NOT NULL,                   -- GB/T 36344
  severity     text NOT NULL CHECK (severity IN ('critical', 'warning', 'info')),
  evaluated    integer NOT NULL CHECK (evaluated >= 0),
  failed       integer NOT NULL CHECK (failed BETWEEN 0 AND evaluated),
  settled      integer NOT NULL DEFAULT 0,      -- failures whose row was since corrected, accepted with reason or rejected
  CONSTRAINT score_settled CHECK (settled BETWEEN 0 AND failed),
  PRIMARY KEY (batch_id, expectation)
);

-- The Great Expectations result of a batch, every value removed.
CREATE TABLE quality.document (
  batch_id  bigint PRIMARY KEY REFERENCES vault.batch,
  result    jsonb NOT NULL
);

-- A quarantined row, sealed whole under its own slot key and its quarantine cohort.
CREATE TABLE quality.quarantine (
  record_id       uuid PRIMARY KEY,
  batch_id        bigint NOT NULL,
  holder_id       bigint NOT NULL,              -- slot in the subject ring: one for each batch
  cohort_id       integer NOT NULL,
  expires_on      date NOT NULL,
  schema_version  smallint NOT NULL,
  failed          text[] NOT NULL CHECK (cardinality(failed) > 0),
  sealed          bytea NOT NULL,
  arrived_at      timestamptz NOT NULL,
  plan            text NOT NULL,
  reason          text NOT NULL,                -- the broken rule that the row counts under
  state           text NOT NULL DEFAULT 'waiting' CHECK (state IN (
                    'waiting',                  -- for a steward
                    'returned',                 -- for the department, which was told what to look up
                    'rejected')),               -- for the night that destroys it; nobody is shown it any more
  due_at          timestamptz NOT NULL,         -- until when a steward is to have decided
  entered_by      text NOT NULL DEFAULT 'unknown',   -- who brought it in, and so may not decide about it
  CONSTRAINT quarantine_reason CHECK (reason = failed[1])
);
CREATE INDEX quarantine_by_cohort ON quality.quarantine (cohort_id);
CREATE INDEX quarantine_queue ON quality.quarantine (plan, state, due_at, record_id) INCLUDE (arrived_at);
CREATE INDEX quarantine_by_due ON quality.quarantine (state, due_at, record_id);
CREATE INDEX quarantine_by_batch ON quality.quarantine (batch_id);
CREATE INDEX quarantine_by_rule ON quality.quarantine USING gin (failed);

-- What a steward decided about a quarantined row, and what came of it. Append-only, and it outlives the row.
CREATE TABLE quality.decision (
  decision_id  text NOT NULL,                   -- of all rows that were decided in one go
  record_id    uuid NOT NULL,
  batch_id     bigint NOT NULL,                 -- that the row lay in
  holder_id    bigint NOT NULL,                 -- slot that it was sealed under: backups have it so
  plan         text NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('corrected', 'accepted', 'rejected', 'returned')),
  rules        text[] NOT NULL,                 -- that it broke
  fields       text[] NOT NULL DEFAULT '{}',    -- that were corrected
  reason       text NOT NULL,
  steward      text NOT NULL,
  entered_by   text NOT NULL,
  outcome      text NOT NULL CHECK (outcome IN (
                 'stored',                      -- in the vault, as new_record
                 'quarantined',                 -- it broke a critical rule again and waits as new_record
                 'refused',                     -- it may not be held any more and is destroyed with the rejected
                 'rejected', 'returned')),
  new_batch    bigint,
  new_record   uuid,
  at           timestamptz NOT NULL,
  PRIMARY KEY (decision_id, record_id),
  CONSTRAINT decision_four_eyes CHECK (steward <> entered_by),
  CONSTRAINT decision_outcome CHECK ((new_record IS NOT NULL) = (outcome IN ('stored', 'quarantined')))
);
CREATE INDEX decision_of_record ON quality.decision (record_id, at);
CREATE INDEX decision_to_record ON quality.decision (new_record) WHERE new_record IS NOT NULL;
CREATE INDEX decision_by_time ON quality.decision (at);
CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON quality.decision
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();

-- Four eyes: nobody decides about a row that is not there, or that they brought in themselves.
CREATE FUNCTION quality.refuse_own_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM decided d LEFT JOIN quality.quarantine q USING (record_id)
              WHERE q.record_id IS NULL OR q.entered_by = d.steward OR q.entered_by <> d.entered_by
                 OR q.state = 'rejected') THEN
    RAISE EXCEPTION 'a row may be decided about once, and not by who entered it' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER decision_by_another AFTER INSERT ON quality.decision REFERENCING NEW TABLE AS decided
  FOR EACH STATEMENT EXECUTE FUNCTION quality.refuse_own_rows();

-- Who looked at which cell of a quarantined row in clear, and why. Append-only.
CREATE TABLE quality.reveal (
  reveal_id  text PRIMARY KEY,
  record_id  uuid NOT NULL,
  plan       text NOT NULL,
  field      text NOT NULL,
  reason     text NOT NULL,
  steward    text NOT NULL,
  at         timestamptz NOT NULL
);
CREATE INDEX reveal_of_record ON quality.reveal (record_id, at);
CREATE TRIGGER reveal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON quality.reveal
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();

GRANT USAGE ON SCHEMA quality TO tutela_ingest, tutela_destroy, tutela_verify, tutela_audit;
GRANT SELECT, INSERT ON quality.score, quality.document TO tutela_ingest;
GRANT INSERT ON quality.quarantine TO tutela_ingest;
GRANT SELECT, DELETE, UPDATE (cohort_id, expires_on) ON quality.quarantine TO tutela_destroy;
GRANT SELECT ON ALL TABLES IN SCHEMA quality TO tutela_verify;
GRANT SELECT ON quality.score, quality.document TO tutela_audit;
GRANT SELECT ON quality.decision, quality.reveal TO tutela_audit;
GRANT SELECT (record_id, batch_id, expires_on, failed, arrived_at, plan, reason, state, due_at, entered_by)
   ON quality.quarantine TO tutela_audit;
-- Who decides about quarantined rows stores them as ingestion does, and opens and removes them.
GRANT tutela_ingest TO tutela_review WITH INHERIT TRUE, SET FALSE;
GRANT SELECT, DELETE, UPDATE (state) ON quality.quarantine TO tutela_review;
GRANT SELECT, INSERT ON quality.decision, quality.reveal TO tutela_review;
-- Who erases a person blanks the slots that her rows were sealed under before they were stored.
GRANT SELECT (decision_id, record_id, holder_id, outcome, new_record) ON quality.decision TO tutela_destroy;
