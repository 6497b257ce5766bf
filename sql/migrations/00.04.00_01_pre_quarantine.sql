-- Quarantine: a queue by plan with an end for each row, what stewards decide and look at, and who brought rows in.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tutela_review') THEN
    CREATE ROLE tutela_review NOLOGIN NOINHERIT;
  END IF;
END $$;

ALTER TABLE vault.batch
  ADD COLUMN source text NOT NULL DEFAULT 'delivery' CHECK (source IN ('delivery', 'steward')),
  ADD COLUMN entered_by text NOT NULL DEFAULT 'unknown';

ALTER TABLE quality.quarantine
  ADD COLUMN plan text,
  ADD COLUMN reason text,
  ADD COLUMN state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'returned', 'rejected')),
  ADD COLUMN due_at timestamptz,
  ADD COLUMN entered_by text NOT NULL DEFAULT 'unknown';
-- Their ciphertext stays what it was: this is no change that a backup has to know of.
ALTER TABLE quality.quarantine DISABLE TRIGGER quarantine_changed;
UPDATE quality.quarantine q
   SET plan = b.plan, reason = q.failed[1], due_at = q.arrived_at + interval '5 days'
  FROM vault.batch b WHERE b.batch_id = q.batch_id;
ALTER TABLE quality.quarantine ENABLE TRIGGER quarantine_changed;
ALTER TABLE quality.quarantine
  ALTER COLUMN plan SET NOT NULL,
  ALTER COLUMN reason SET NOT NULL,
  ALTER COLUMN due_at SET NOT NULL,
  ADD CONSTRAINT quarantine_reason CHECK (reason = failed[1]);
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

GRANT SELECT ON quality.decision, quality.reveal TO tutela_verify, tutela_audit, tutela_backup;
GRANT SELECT (record_id, batch_id, expires_on, failed, arrived_at, plan, reason, state, due_at, entered_by)
   ON quality.quarantine TO tutela_audit;
-- Who decides about quarantined rows stores them as ingestion does, and opens and removes them.
GRANT tutela_ingest TO tutela_review WITH INHERIT TRUE, SET FALSE;
GRANT SELECT, DELETE, UPDATE (state) ON quality.quarantine TO tutela_review;
GRANT SELECT, INSERT ON quality.decision, quality.reveal TO tutela_review;
-- Who erases a person blanks the slots that her rows were sealed under before they were stored.
GRANT SELECT (decision_id, record_id, holder_id, outcome, new_record) ON quality.decision TO tutela_destroy;

-- Reasons are text, and may not be copied.
CREATE OR REPLACE VIEW tutela.unsampled AS
SELECT c.oid::regclass AS relation, n.nspname AS schema, c.relname AS name, a.attname AS attribute,
       format_type(a.atttypid, a.atttypmod) AS type, a.attstattarget AS target, c.relispartition AS is_partition
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname IN ('vault', 'keyring', 'consent', 'quality', 'catalog', 'destruction')
   AND c.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped
   -- Ciphertext, keyed hashes and ids of records, wherever they are; and these texts.
   AND (a.atttypid IN ('bytea'::regtype, 'uuid'::regtype)
        OR (n.nspname, c.relname, a.attname) IN (
             ('vault', 'subject', 'code'), ('destruction', 'hold', 'reason'), ('destruction', 'request', 'reason'),
             ('destruction', 'derivative', 'place'), ('destruction', 'notice', 'document'),
             ('destruction', 'work_order', 'document'), ('catalog', 'correction', 'reason'),
             ('quality', 'decision', 'reason'), ('quality', 'reveal', 'reason')));
SELECT tutela.keep_no_statistics();
