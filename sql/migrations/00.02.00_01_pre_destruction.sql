-- Destructions by subject, requests for them, and approvals of one destruction alone.

ALTER TYPE destruction.state ADD VALUE 'rejected';

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

ALTER TABLE destruction.job DROP CONSTRAINT job_approval_id_fkey;
ALTER TABLE destruction.job ADD COLUMN request_id text REFERENCES destruction.request;

-- One destruction at a time: the keyring has one root. Those that wait for an approval are in nobody's way.
DROP INDEX destruction.job_one_open;
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

CREATE OR REPLACE FUNCTION destruction.check_transition() RETURNS trigger
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

CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON destruction.approval
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();
CREATE TRIGGER target_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON destruction.target
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();
CREATE TRIGGER request_kept BEFORE DELETE OR TRUNCATE ON destruction.request
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();

GRANT SELECT, INSERT ON destruction.approval, destruction.target TO tutela_destroy;
GRANT SELECT, INSERT, UPDATE (settled_at) ON destruction.request TO tutela_destroy;
GRANT SELECT, INSERT, UPDATE (settled_by) ON destruction.wanted TO tutela_destroy;
GRANT SELECT ON destruction.request, destruction.wanted, destruction.target, destruction.approval TO tutela_verify, tutela_audit;

DROP FUNCTION vault.drop_empty_partition(date, date);
-- Drops a month's partition in which nothing but some cohorts lies, and tells how many records it had; NULL: other
-- records lie there, or there is no such partition. Dropping a month costs nothing for each row.
CREATE FUNCTION vault.drop_due_partition(month date, cohorts integer[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  name    text := format('record_%s', to_char(month, 'YYYYMM'));
  records bigint;
  others  bigint;
BEGIN
  IF to_regclass(format('vault.%I', name)) IS NULL THEN RETURN NULL; END IF;
  EXECUTE format('SELECT count(*), count(*) FILTER (WHERE cohort_id <> ALL ($1)) FROM vault.%I', name)
     INTO records, others USING cohorts;
  IF others > 0 THEN RETURN NULL; END IF;
  EXECUTE format('DROP TABLE vault.%I', name);
  RETURN records;
END $$;

REVOKE EXECUTE ON FUNCTION vault.drop_due_partition(date, integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION vault.drop_due_partition(date, integer[]) TO tutela_destroy;
