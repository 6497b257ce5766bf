-- Destruction: a state machine that survives a kill at any point, and the approvals it needs.

CREATE TYPE destruction.state AS ENUM (
  'due',              -- listed                                     -> applied, blocked
  'applied',          -- manifest fixed and hashed                  -> approved, blocked
  'approved',         -- a leader's approval names what it covers   -> keys_destroyed, blocked, failed
  'keys_destroyed',   -- slots blank, root rotated, old root gone   -> rows_removed, failed
  'rows_removed',     -- rows, blind indexes, quarantine gone       -> verified, failed
  'verified',         -- re-read by another connection              -> confirmed
  'confirmed',        -- certificate signed and in the ledger
  'blocked',          -- no approval covers it                      -> applied
  'failed'            -- verification did not pass                  -> rows_removed
);

-- A leader's signed approval of the nightly destruction under one retention schedule, named by its hash.
CREATE TABLE destruction.standing_approval (
  approval_id    text PRIMARY KEY,
  schedule_hash  text NOT NULL,
  approved_by    text NOT NULL,
  approved_at    timestamptz NOT NULL,
  valid_until    date NOT NULL,
  signature      text NOT NULL                   -- Ed25519 over the canonical JSON of the above, hex
);

CREATE TABLE destruction.job (
  job_id          text PRIMARY KEY,
  origin          text NOT NULL CHECK (origin IN ('expiry', 'request', 'steward')),
  as_of           date NOT NULL,
  state           destruction.state NOT NULL,
  manifest        jsonb NOT NULL,                -- cohorts, subjects, counts; no personal data
  manifest_hash   text NOT NULL,
  schedule_hash   text NOT NULL,
  approval_id     text REFERENCES destruction.standing_approval,
  applicant       text NOT NULL,
  executor        text NOT NULL,
  old_generation  integer,
  new_generation  integer,
  steps           jsonb NOT NULL DEFAULT '{}',   -- state -> what was done and when
  certificate     jsonb,
  verdict         text CHECK (verdict IN ('PASS', 'FAILED', 'UNKNOWN')),
  created_at      timestamptz NOT NULL,
  CHECK (state <> 'confirmed' OR (certificate IS NOT NULL AND verdict IS NOT NULL)),
  CHECK (state NOT IN ('keys_destroyed', 'rows_removed', 'verified', 'confirmed') OR approval_id IS NOT NULL)
);
-- One destruction at a time: the keyring has one root.
CREATE UNIQUE INDEX job_one_open ON destruction.job ((true)) WHERE state NOT IN ('confirmed', 'blocked', 'failed');

-- Old ciphertext of what is destroyed, kept until verification to show that it no longer opens.
CREATE TABLE destruction.sample (
  job_id          text NOT NULL REFERENCES destruction.job,
  record_id       uuid NOT NULL,
  subject_id      bigint NOT NULL,
  cohort_id       integer NOT NULL,
  schema_version  smallint NOT NULL,
  part            smallint NOT NULL,
  sealed          bytea NOT NULL,
  PRIMARY KEY (job_id, record_id)
);

-- A legal hold blocks the destruction of one subject's records.
CREATE TABLE destruction.hold (
  hold_id      text PRIMARY KEY,
  subject_id   bigint NOT NULL,
  reason       text NOT NULL,
  owner        text NOT NULL,
  review_on    date NOT NULL,
  added_at     timestamptz NOT NULL,
  released_at  timestamptz,
  released_by  text
);
CREATE INDEX hold_in_force ON destruction.hold (subject_id) WHERE released_at IS NULL;

CREATE FUNCTION destruction.check_transition() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = NEW.state THEN RETURN NEW; END IF;
  IF (OLD.state::text, NEW.state::text) NOT IN (
    ('due', 'applied'), ('due', 'blocked'), ('applied', 'approved'), ('applied', 'blocked'),
    ('approved', 'keys_destroyed'), ('approved', 'failed'), ('approved', 'blocked'),
    ('keys_destroyed', 'rows_removed'), ('keys_destroyed', 'failed'),
    ('rows_removed', 'verified'), ('rows_removed', 'failed'), ('verified', 'confirmed'),
    ('blocked', 'applied'), ('failed', 'rows_removed')
  ) THEN
    RAISE EXCEPTION 'a destruction can not go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.manifest_hash <> NEW.manifest_hash OR OLD.manifest <> NEW.manifest THEN
    RAISE EXCEPTION 'the manifest of a destruction is fixed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER job_transition BEFORE UPDATE ON destruction.job
  FOR EACH ROW EXECUTE FUNCTION destruction.check_transition();
CREATE TRIGGER job_kept BEFORE DELETE OR TRUNCATE ON destruction.job
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();
CREATE TRIGGER approval_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON destruction.standing_approval
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();

GRANT USAGE ON SCHEMA destruction TO tutela_ingest, tutela_destroy, tutela_verify, tutela_audit;
GRANT SELECT, INSERT, UPDATE ON destruction.job TO tutela_destroy;
GRANT SELECT, INSERT ON destruction.standing_approval TO tutela_destroy;
GRANT SELECT, INSERT, DELETE ON destruction.sample TO tutela_destroy;
GRANT SELECT, INSERT, UPDATE (released_at, released_by) ON destruction.hold TO tutela_destroy;
GRANT SELECT ON ALL TABLES IN SCHEMA destruction TO tutela_verify, tutela_audit;
REVOKE SELECT ON destruction.sample FROM tutela_audit;
