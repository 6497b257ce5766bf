-- Derivatives: every copy that is made from the vault, or that feeds it. The register says where it is, until when, and
-- what became of it. What a kind is and how it is destroyed: policy/derivatives.yaml.

-- Closed: a kind that is not here can't be registered, and what is not registered can't be made.
CREATE TYPE destruction.derivative_kind AS ENUM (
  -- each copy has a row of its own
  'staging', 'landing_file', 'release', 'export', 'backup', 'shared_copy', 'paper',
  -- one row for as long as the home lives
  'quarantine', 'blind_index', 'statistics', 'data_docs', 'keyring_snapshot', 'task_log', 'wal'
);

CREATE TABLE destruction.derivative (
  derivative_id  text PRIMARY KEY,
  number         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  kind           destruction.derivative_kind NOT NULL,
  place          text NOT NULL,                  -- within the home folder; of what lies elsewhere, its keeper's words
  made_by        text NOT NULL,                  -- run, job or person
  made_at        timestamptz NOT NULL,
  expires_on     date,                           -- the first day on which it is due; NULL: as long as the home
  kms_key        text,                           -- its own key's name in the KMS
  plans          text[] NOT NULL DEFAULT '{}',
  subjects       integer NOT NULL DEFAULT 0 CHECK (subjects >= 0),   -- listed at registration; 0: whoever is in the plans
  quantity       text,                           -- of what is on paper
  recipient      text,                           -- who received it: told by a notice
  keeper         text,                           -- who keeps it where no program reaches: given a work order
  state          text NOT NULL CHECK (state IN (
                   'present',                    -- within reach                     -> handed_over, destroyed
                   'handed_over',                -- with its recipient               -> destroyed
                   'destroyed')),                -- gone, or its recipient says so
  destroyed_at   timestamptz,
  destroyed_by   text,                           -- destruction, run, notice or work order
  CHECK ((state = 'destroyed') = (destroyed_at IS NOT NULL) AND (state = 'destroyed') = (destroyed_by IS NOT NULL)),
  CHECK (recipient IS NULL OR keeper IS NULL),
  CHECK (state <> 'handed_over' OR recipient IS NOT NULL),
  CHECK (state <> 'present' OR recipient IS NULL),
  CHECK (kind <> 'shared_copy' OR recipient IS NOT NULL),
  CHECK (kind <> 'paper' OR keeper IS NOT NULL),
  CHECK ((expires_on IS NULL) = (kind IN ('quarantine', 'blind_index', 'statistics', 'data_docs', 'keyring_snapshot',
                                          'task_log', 'wal')))
);
-- One row for what lies at a place within reach, so that seeing it again registers nothing.
CREATE UNIQUE INDEX derivative_at_place ON destruction.derivative (kind, place)
 WHERE state = 'present' AND keeper IS NULL;
CREATE INDEX derivative_by_expiry ON destruction.derivative (expires_on) WHERE state <> 'destroyed';

-- Whose information a release, export, shared copy or paper file holds, until they or it are gone. A bulk table.
CREATE TABLE destruction.derivative_subject (
  subject_id  bigint NOT NULL,
  number      bigint NOT NULL,                   -- of the derivative
  PRIMARY KEY (subject_id, number)
);
CREATE INDEX derivative_subject_by_number ON destruction.derivative_subject (number);

-- A recipient is told to destroy: some subjects, or the whole copy.
CREATE TABLE destruction.notice (
  notice_id        text PRIMARY KEY,
  job_id           text REFERENCES destruction.job,   -- NULL: the copy's own time is up
  derivative_id    text NOT NULL REFERENCES destruction.derivative,
  recipient        text NOT NULL,
  whole            boolean NOT NULL,             -- nothing of the copy may stay
  subjects         integer NOT NULL CHECK (subjects >= 0),
  raised_at        timestamptz NOT NULL,
  due_on           date NOT NULL,
  sha256           text NOT NULL,                -- of the document
  document         text,                         -- signed, with the subjects' codes; not kept once they are gone there
  acknowledged_at  timestamptz,
  acknowledged_by  text,                         -- who took the answer
  outcome          text CHECK (outcome IN ('destroyed', 'not_held', 'refused')),
  evidence         text CHECK (evidence ~ '^[0-9a-f]{64}$'),   -- SHA-256 of the recipient's answer
  CHECK (num_nulls(acknowledged_at, acknowledged_by, outcome, evidence) IN (0, 4)),
  CHECK ((document IS NULL) = (outcome IS NOT NULL AND outcome <> 'refused')),
  CHECK (whole OR subjects > 0)
);
CREATE UNIQUE INDEX notice_once ON destruction.notice (derivative_id, job_id) NULLS NOT DISTINCT;

-- A keeper is to destroy: some subjects' sheets or files, or the whole carrier.
CREATE TABLE destruction.work_order (
  order_id      text PRIMARY KEY,
  job_id        text REFERENCES destruction.job,      -- NULL: the carrier's own time is up
  derivative_id text NOT NULL REFERENCES destruction.derivative,
  keeper        text NOT NULL,
  whole         boolean NOT NULL,
  subjects      integer NOT NULL CHECK (subjects >= 0),
  least_method  text NOT NULL,                   -- the weakest that will do
  raised_at     timestamptz NOT NULL,
  due_on        date NOT NULL,
  sha256        text NOT NULL,
  document      text,                            -- as of a notice
  completed_at  timestamptz,
  method        text,                            -- the one used
  executor      text,
  witnesses     text[],
  photos        text[],                          -- SHA-256; the photos stay with their keeper
  CHECK (num_nulls(completed_at, method, executor, witnesses, photos) IN (0, 5)),
  CHECK (cardinality(witnesses) > 0 AND executor <> ALL (witnesses)),
  CHECK (cardinality(photos) > 0),
  CHECK ((document IS NULL) = (completed_at IS NOT NULL)),
  CHECK (whole OR subjects > 0)
);
CREATE UNIQUE INDEX work_order_once ON destruction.work_order (derivative_id, job_id) NULLS NOT DISTINCT;

-- What was registered stays, what is gone does not come back, and what was answered is not answered otherwise.
CREATE FUNCTION destruction.check_derivative() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'destroyed' OR (OLD.state, NEW.state) = ('handed_over', 'present') THEN
    RAISE EXCEPTION 'a derivative can not go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION destruction.check_notice() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.outcome <> 'refused' THEN
    RAISE EXCEPTION 'the notice is answered' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION destruction.check_work_order() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.completed_at IS NOT NULL THEN
    RAISE EXCEPTION 'the work order is completed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER derivative_transition BEFORE UPDATE ON destruction.derivative
  FOR EACH ROW EXECUTE FUNCTION destruction.check_derivative();
CREATE TRIGGER notice_transition BEFORE UPDATE ON destruction.notice
  FOR EACH ROW EXECUTE FUNCTION destruction.check_notice();
CREATE TRIGGER work_order_transition BEFORE UPDATE ON destruction.work_order
  FOR EACH ROW EXECUTE FUNCTION destruction.check_work_order();
CREATE TRIGGER derivative_kept BEFORE DELETE OR TRUNCATE ON destruction.derivative
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();
CREATE TRIGGER notice_kept BEFORE DELETE OR TRUNCATE ON destruction.notice
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();
CREATE TRIGGER work_order_kept BEFORE DELETE OR TRUNCATE ON destruction.work_order
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();

-- What every home has from its first day.
INSERT INTO destruction.derivative (derivative_id, kind, place, made_by, made_at, state)
SELECT 'DV-' || kind, kind::destruction.derivative_kind, place, 'service:schema', now(), 'present'
  FROM (VALUES ('quarantine', 'postgresql:quality.quarantine'), ('blind_index', 'postgresql:vault.blind_index'),
               ('statistics', 'postgresql:pg_statistic'), ('data_docs', 'data_docs'), ('keyring_snapshot', 'snapshots'),
               ('task_log', 'airflow/logs'), ('wal', 'postgresql:pg_wal')) AS standing (kind, place);

GRANT SELECT, INSERT, UPDATE (state, destroyed_at, destroyed_by) ON destruction.derivative TO tutela_ingest, tutela_destroy;
GRANT SELECT, INSERT, DELETE ON destruction.derivative_subject TO tutela_destroy;
GRANT SELECT, INSERT, UPDATE (document, acknowledged_at, acknowledged_by, outcome, evidence) ON destruction.notice
  TO tutela_destroy;
GRANT SELECT, INSERT, UPDATE (document, completed_at, method, executor, witnesses, photos) ON destruction.work_order
  TO tutela_destroy;
GRANT SELECT ON destruction.derivative, destruction.derivative_subject, destruction.notice, destruction.work_order
  TO tutela_verify;
GRANT SELECT ON destruction.derivative TO tutela_audit;
GRANT SELECT (notice_id, job_id, derivative_id, recipient, whole, subjects, raised_at, due_on, sha256, acknowledged_at,
              acknowledged_by, outcome, evidence) ON destruction.notice TO tutela_audit;
GRANT SELECT (order_id, job_id, derivative_id, keeper, whole, subjects, least_method, raised_at, due_on, sha256,
              completed_at, method, executor, witnesses, photos) ON destruction.work_order TO tutela_audit;

-- An erased person's quarantined rows go alone: the rows beside them are sealed again under another slot.
GRANT UPDATE (holder_id, sealed) ON quality.quarantine TO tutela_destroy;
GRANT USAGE, UPDATE ON SEQUENCE vault.subject_id_seq TO tutela_destroy;
