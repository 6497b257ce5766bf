-- Destruction: a state machine that survives a kill at any point, and the approvals it needs.

CREATE TYPE destruction.state AS ENUM (
  'due',              -- listed                                     -> applied, blocked
  'applied',          -- manifest fixed and hashed                  -> approved, blocked, rejected
  'approved',         -- a leader's approval names what it covers   -> keys_destroyed, blocked, failed
  'keys_destroyed',   -- slots blank, root rotated, old root gone   -> rows_removed, failed
  'rows_removed',     -- rows, blind indexes, quarantine gone       -> verified, failed
  'verified',         -- re-read by another connection              -> confirmed
  'confirmed',        -- certificate signed and in the ledger
  'blocked',          -- what it listed is not what lies there       -> applied
  'failed',           -- verification did not pass                  -> rows_removed
  'rejected'          -- a leader said no
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

-- What a person asked for, or a steward found no longer needed; it stands until all of it is destroyed or refused.
CREATE TABLE destruction.request (
  request_id   text PRIMARY KEY,
  origin       text NOT NULL CHECK (origin IN ('request', 'steward')),
  applicant    text NOT NULL,
  reason       text NOT NULL,                    -- text; stays here, never in the ledger
  selection    jsonb,                            -- a steward's: plan and last day of collection; NULL: the subjects wanted
  created_at   timestamptz NOT NULL,
  settled_at   timestamptz                       -- nothing of it is left to be done
);
CREATE INDEX request_open ON destruction.request (created_at) WHERE settled_at IS NULL;

-- The subjects that a request names; a held one waits here until its hold is lifted. As with other bulk tables, no
-- foreign key: a check a row costs more than the row.
CREATE TABLE destruction.wanted (
  request_id   text NOT NULL,
  subject_id   bigint NOT NULL,
  settled_by   text,                             -- the destruction that blanked its key
  PRIMARY KEY (request_id, subject_id)
);
CREATE INDEX wanted_open ON destruction.wanted (request_id) WHERE settled_by IS NULL;

CREATE TABLE destruction.job (
  job_id          text PRIMARY KEY,
  origin          text NOT NULL CHECK (origin IN ('expiry', 'request', 'steward')),
  as_of           date NOT NULL,
  state           destruction.state NOT NULL,
  manifest        jsonb NOT NULL,                -- cohorts, subjects, counts; no personal data
  manifest_hash   text NOT NULL,
  schedule_hash   text NOT NULL,
  approval_id     text,                          -- of the standing approval, or of the one for this job alone
  applicant       text NOT NULL,
  executor        text NOT NULL,
  old_generation  integer,
  new_generation  integer,
  steps           jsonb NOT NULL DEFAULT '{}',   -- state -> what was done and when
  certificate     jsonb,
  verdict         text CHECK (verdict IN ('PASS', 'FAILED', 'UNKNOWN')),
  created_at      timestamptz NOT NULL,
  request_id      text REFERENCES destruction.request,
  CHECK (state <> 'confirmed' OR (certificate IS NOT NULL AND verdict IS NOT NULL)),
  CHECK (state NOT IN ('keys_destroyed', 'rows_removed', 'verified', 'confirmed') OR approval_id IS NOT NULL)
);
-- One destruction at a time: the keyring has one root. Those that wait for an approval are in nobody's way.
CREATE UNIQUE INDEX job_one_under_way ON destruction.job ((true))
 WHERE state IN ('approved', 'keys_destroyed', 'rows_removed', 'verified');

-- The keys that a destruction is to blank, as applied for. The manifest has the root over them.
CREATE TABLE destruction.target (
  job_id  text NOT NULL,
  ring    text NOT NULL CHECK (ring IN ('subject', 'cohort')),
  key_id  bigint NOT NULL,
  PRIMARY KEY (job_id, ring, key_id)
);

-- What a leader decided about one destruction. The first decision counts, through whichever door it came.
CREATE TABLE destruction.approval (
  job_id         text PRIMARY KEY REFERENCES destruction.job,
  approval_id    text NOT NULL,
  decision       text NOT NULL CHECK (decision IN ('approved', 'rejected')),
  door           text NOT NULL CHECK (door IN ('standing', 'command', 'airflow', 'console')),
  approver       text NOT NULL,
  role           text NOT NULL,
  manifest_hash  text NOT NULL,                  -- what was approved; another manifest is not
  reason         text,
  signature      text,                           -- Ed25519, hex; by the door `command`
  decided_at     timestamptz NOT NULL
);

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

-- A legal hold blocks the destruction of one subject's records, or of all records of a plan.
CREATE TABLE destruction.hold (
  hold_id      text PRIMARY KEY,
  subject_id   bigint,
  reason       text NOT NULL,
  owner        text NOT NULL,
  review_on    date NOT NULL,
  added_at     timestamptz NOT NULL,
  released_at  timestamptz,
  released_by  text,
  plan         text,
  CHECK (num_nonnulls(subject_id, plan) = 1)
);
CREATE INDEX hold_in_force ON destruction.hold (subject_id) WHERE released_at IS NULL;
CREATE INDEX hold_of_plan ON destruction.hold (plan) WHERE released_at IS NULL AND plan IS NOT NULL;

CREATE FUNCTION destruction.check_transition() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = NEW.state THEN RETURN NEW; END IF;
  IF (OLD.state::text, NEW.state::text) NOT IN (
    ('due', 'applied'), ('due', 'blocked'), ('applied', 'approved'), ('applied', 'blocked'),
    ('approved', 'keys_destroyed'), ('approved', 'failed'), ('approved', 'blocked'),
    ('keys_destroyed', 'rows_removed'), ('keys_destroyed', 'failed'),
    ('rows_removed', 'verified'), ('rows_removed', 'failed'), ('verified', 'confirmed'),
    ('blocked', 'applied'), ('failed', 'rows_removed'), ('applied', 'rejected')
  ) THEN
    RAISE EXCEPTION 'a destruction can not go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.manifest_hash <> NEW.manifest_hash OR OLD.manifest <> NEW.manifest THEN
    RAISE EXCEPTION 'the manifest of a destruction is fixed' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.state = 'approved' AND NOT EXISTS (
       SELECT FROM destruction.approval a
        WHERE a.job_id = NEW.job_id AND a.decision = 'approved' AND a.role = 'leader'
          AND a.manifest_hash = NEW.manifest_hash AND a.approver NOT IN (NEW.applicant, NEW.executor)) THEN
    RAISE EXCEPTION 'no approval of this manifest by another person with the role' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER job_transition BEFORE UPDATE ON destruction.job
  FOR EACH ROW EXECUTE FUNCTION destruction.check_transition();
CREATE TRIGGER job_kept BEFORE DELETE OR TRUNCATE ON destruction.job
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();
CREATE TRIGGER approval_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON destruction.standing_approval
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();
CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON destruction.approval
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();
CREATE TRIGGER target_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON destruction.target
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();
CREATE TRIGGER request_kept BEFORE DELETE OR TRUNCATE ON destruction.request
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();

GRANT USAGE ON SCHEMA destruction TO tutela_ingest, tutela_destroy, tutela_verify, tutela_audit;
GRANT SELECT, INSERT, UPDATE ON destruction.job TO tutela_destroy;
GRANT SELECT, INSERT ON destruction.standing_approval, destruction.approval, destruction.target TO tutela_destroy;
GRANT SELECT, INSERT, UPDATE (settled_at) ON destruction.request TO tutela_destroy;
GRANT SELECT, INSERT, UPDATE (settled_by) ON destruction.wanted TO tutela_destroy;
GRANT SELECT, INSERT, DELETE ON destruction.sample TO tutela_destroy;
GRANT SELECT, INSERT, UPDATE (released_at, released_by) ON destruction.hold TO tutela_destroy;
GRANT SELECT ON ALL TABLES IN SCHEMA destruction TO tutela_verify, tutela_audit;
REVOKE SELECT ON destruction.sample FROM tutela_audit;
