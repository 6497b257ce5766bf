-- Frozen: the schema of version 0.1.0. Later changes are migrations of their own beside the change in sql/schema.
-- Roles of the platform. None may log in: the one login of a deployment is a NOINHERIT member of all of them, and each
-- transaction takes the one role it needs (SET LOCAL ROLE). Nobody of them owns a table.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['tutela_ingest', 'tutela_destroy', 'tutela_verify', 'tutela_consent', 'tutela_audit'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', name);
    END IF;
  END LOOP;
END $$;

CREATE SCHEMA vault;
CREATE SCHEMA keyring;
CREATE SCHEMA consent;
CREATE SCHEMA quality;
CREATE SCHEMA catalog;
CREATE SCHEMA destruction;
CREATE SCHEMA evidence;
CREATE SCHEMA tutela;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- Which migrations this database has seen; schema/ stands for all of them at once.
CREATE TABLE tutela.migration (
  name        text PRIMARY KEY,
  applied_at  timestamptz NOT NULL
);

-- The one lock that orders writers of the vault, the keyring and the ledger: taken with pg_advisory_xact_lock by
-- every transaction that allots subjects or keys, appends to the ledger, or destroys.
CREATE FUNCTION tutela.lock_writers() RETURNS void
LANGUAGE sql AS $$ SELECT pg_advisory_xact_lock(7310842) $$;

-- What is evidence can't be changed: not by any role, and not by the owner either while these triggers stand.
CREATE FUNCTION tutela.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'insufficient_privilege';
END $$;
-- The vault: sealed records and the keyed hashes that find their subjects. No column holds a customer's value.
-- Bulk tables carry no foreign keys: a check a row would cost more than the row. The writers set both sides in one
-- transaction, and the verifier of a destruction counts both.

CREATE SEQUENCE vault.subject_id_seq;

-- A data subject. Page and slot of its key follow from the id: page = subject_id >> 10, slot = subject_id & 1023.
CREATE TABLE vault.subject (
  subject_id  bigint PRIMARY KEY,
  code        text NOT NULL UNIQUE,             -- random, with a check character; never derived from a value
  kind        text NOT NULL CHECK (kind IN ('P', 'E')),
  created_at  timestamptz NOT NULL,
  expires_on  date NOT NULL                     -- the latest among its records
);
CREATE INDEX subject_by_expiry ON vault.subject (expires_on);

-- A delivery is known by the keyed hash of its bytes, so the same file can't come in twice, whatever its name.
CREATE TABLE vault.delivery (
  delivery_id  uuid NOT NULL,
  plan         text NOT NULL,
  chunk_rows   integer NOT NULL CHECK (chunk_rows > 0),   -- fixed at first sight: a retry cuts the same chunks
  first_seen   timestamptz NOT NULL,
  PRIMARY KEY (plan, delivery_id)
);

-- One chunk of one delivery, done. It outlives its records, so that nothing destroyed can be brought in again.
CREATE TABLE vault.batch (
  batch_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  plan         text NOT NULL,
  delivery_id  uuid NOT NULL,
  chunk        integer NOT NULL CHECK (chunk >= 0),
  run          text NOT NULL,
  arrived      integer NOT NULL CHECK (arrived >= 0),
  stored       integer NOT NULL CHECK (stored >= 0),
  refused      jsonb NOT NULL,                  -- reason -> rows
  quarantined  jsonb NOT NULL,                  -- expectation -> rows
  level        smallint NOT NULL CHECK (level BETWEEN 1 AND 5),
  at           timestamptz NOT NULL,
  UNIQUE (plan, delivery_id, chunk),
  FOREIGN KEY (plan, delivery_id) REFERENCES vault.delivery (plan, delivery_id)
);
CREATE INDEX batch_by_run ON vault.batch (run);

-- A sealed record: one AES-256-GCM part for each sensitivity level that it holds (nonce || ciphertext || tag).
-- A role may be granted the parts up to a level and no further.
CREATE TABLE vault.record (
  record_id       uuid NOT NULL,                -- delivery's keyed hash || row number
  expires_on      date NOT NULL,                -- the first day on which it is due
  cohort_id       integer NOT NULL,
  subject_id      bigint NOT NULL,
  batch_id        bigint NOT NULL,
  schema_version  smallint NOT NULL,
  level           smallint NOT NULL CHECK (level BETWEEN 1 AND 5),
  part_1          bytea,
  part_2          bytea,
  part_3          bytea,
  part_4          bytea,
  part_5          bytea,
  PRIMARY KEY (record_id, expires_on)
) PARTITION BY RANGE (expires_on);
CREATE INDEX record_by_subject ON vault.record (subject_id);

-- A month's partition, made by the ingesting role through this function alone.
CREATE FUNCTION vault.ensure_partition(month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  first date := date_trunc('month', month)::date;
  name  text := format('record_%s', to_char(first, 'YYYYMM'));
BEGIN
  IF to_regclass(format('vault.%I', name)) IS NULL THEN
    EXECUTE format('CREATE TABLE vault.%I PARTITION OF vault.record FOR VALUES FROM (%L) TO (%L)',
                   name, first, (first + interval '1 month')::date);
  END IF;
END $$;

-- Drops a month's partition once it is empty and wholly past; true when it is gone.
CREATE FUNCTION vault.drop_empty_partition(month date, as_of date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  first date := date_trunc('month', month)::date;
  name  text := format('record_%s', to_char(first, 'YYYYMM'));
  empty boolean;
BEGIN
  IF to_regclass(format('vault.%I', name)) IS NULL THEN RETURN true; END IF;
  IF (first + interval '1 month')::date > as_of THEN RETURN false; END IF;
  EXECUTE format('SELECT NOT EXISTS (SELECT FROM vault.%I)', name) INTO empty;
  IF empty THEN EXECUTE format('DROP TABLE vault.%I', name); END IF;
  RETURN empty;
END $$;

-- Keyed hash of an identifier, for exact look-up and identity resolution. A strong kind names one subject only.
CREATE TABLE vault.blind_index (
  kind        text NOT NULL,
  digest      uuid NOT NULL,                    -- HMAC-SHA256, first 16 bytes
  subject_id  bigint NOT NULL,
  strong      boolean NOT NULL,
  expires_on  date NOT NULL                     -- of the last record that supports it
);
-- Each row is in one of these two.
CREATE UNIQUE INDEX blind_index_strong ON vault.blind_index (digest, kind) WHERE strong;
CREATE UNIQUE INDEX blind_index_weak ON vault.blind_index (digest, kind, subject_id) WHERE NOT strong;
CREATE INDEX blind_index_by_subject ON vault.blind_index (subject_id);
CREATE INDEX blind_index_by_expiry ON vault.blind_index (expires_on);

GRANT USAGE ON SCHEMA vault TO tutela_ingest, tutela_destroy, tutela_verify, tutela_consent, tutela_audit;
GRANT USAGE ON SCHEMA tutela TO tutela_ingest, tutela_destroy, tutela_verify, tutela_consent, tutela_audit;
GRANT USAGE, UPDATE ON SEQUENCE vault.subject_id_seq TO tutela_ingest;
GRANT SELECT, INSERT ON vault.subject, vault.delivery, vault.batch TO tutela_ingest;
GRANT UPDATE (expires_on) ON vault.subject TO tutela_ingest, tutela_destroy;
GRANT INSERT ON vault.record TO tutela_ingest;
GRANT SELECT, INSERT, UPDATE (expires_on) ON vault.blind_index TO tutela_ingest;
GRANT SELECT, DELETE ON vault.subject, vault.record, vault.blind_index TO tutela_destroy;
GRANT UPDATE (cohort_id, expires_on, part_1, part_2, part_3, part_4, part_5) ON vault.record TO tutela_destroy;
GRANT UPDATE (expires_on) ON vault.blind_index TO tutela_destroy;
GRANT SELECT ON vault.batch, vault.delivery TO tutela_destroy;
GRANT SELECT ON ALL TABLES IN SCHEMA vault TO tutela_verify;
GRANT SELECT ON vault.subject, vault.blind_index, vault.delivery TO tutela_consent;
GRANT SELECT ON vault.batch, vault.delivery TO tutela_audit;
REVOKE EXECUTE ON FUNCTION vault.ensure_partition(date), vault.drop_empty_partition(date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION vault.ensure_partition(date) TO tutela_ingest, tutela_destroy;
GRANT EXECUTE ON FUNCTION vault.drop_empty_partition(date, date) TO tutela_destroy;
-- The keyring: sealed pages of random keys, their page keys wrapped by a root generation that lives in the KMS.

CREATE SEQUENCE keyring.generation_seq;
CREATE SEQUENCE keyring.cohort_id_seq;

CREATE TABLE keyring.generation (
  generation    integer PRIMARY KEY,
  kms_key       text NOT NULL UNIQUE,           -- the KMS's name for it
  state         text NOT NULL CHECK (state IN (
                  'active',                     -- wraps new pages            -> retiring
                  'retiring',                   -- nothing is wrapped by it   -> destroyed
                  'destroyed')),                -- gone from the KMS
  created_at    timestamptz NOT NULL,
  destroyed_at  timestamptz,
  CHECK ((state = 'destroyed') = (destroyed_at IS NOT NULL))
);
CREATE UNIQUE INDEX generation_one_active ON keyring.generation (state) WHERE state = 'active';

-- A page: 1,024 keys of 32 bytes, made at once and sealed (AES-256-GCM) under its own page key. A key is found by
-- ring, page = id >> 10, slot = id & 1023. A destroyed slot is all zero and is never used again.
CREATE TABLE keyring.page (
  ring        text NOT NULL CHECK (ring IN ('subject', 'cohort')),
  page        integer NOT NULL CHECK (page >= 0),
  sealed      bytea NOT NULL,
  wrapped     bytea NOT NULL,                   -- the page key
  generation  integer NOT NULL REFERENCES keyring.generation,
  PRIMARY KEY (ring, page)
);
ALTER TABLE keyring.page ALTER COLUMN sealed SET STORAGE EXTERNAL;   -- random bytes don't compress

-- Records that share a retention class and an expiry day.
CREATE TABLE keyring.cohort (
  cohort_id        integer PRIMARY KEY,
  retention_class  text NOT NULL,
  expires_on       date NOT NULL,
  destroyed_by     text                          -- the destruction that blanked its key
);
-- A late arrival for a cohort already destroyed opens a new one.
CREATE UNIQUE INDEX cohort_open ON keyring.cohort (retention_class, expires_on) WHERE destroyed_by IS NULL;
CREATE INDEX cohort_by_expiry ON keyring.cohort (expires_on) WHERE destroyed_by IS NULL;

GRANT USAGE ON SCHEMA keyring TO tutela_ingest, tutela_destroy, tutela_verify, tutela_audit;
GRANT USAGE ON SEQUENCE keyring.cohort_id_seq TO tutela_ingest, tutela_destroy;
GRANT USAGE ON SEQUENCE keyring.generation_seq TO tutela_ingest, tutela_destroy;
GRANT SELECT, INSERT ON keyring.page, keyring.cohort, keyring.generation TO tutela_ingest;
GRANT SELECT, INSERT, UPDATE ON keyring.page, keyring.cohort, keyring.generation TO tutela_destroy;
GRANT SELECT ON ALL TABLES IN SCHEMA keyring TO tutela_verify;
GRANT SELECT ON keyring.generation, keyring.cohort TO tutela_audit;
-- Consent receipts: append-only. Withdrawal is another receipt, never a change of the first.

CREATE TABLE consent.terms (
  terms_id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  plan           text NOT NULL,
  notice         text NOT NULL,                 -- version of the text that was shown
  notice_sha256  text NOT NULL,                 -- hash of that text
  purposes       text[] NOT NULL CHECK (cardinality(purposes) > 0),
  method         text NOT NULL,
  UNIQUE (plan, notice, notice_sha256, purposes, method)
);

CREATE TABLE consent.receipt (
  receipt_id   uuid NOT NULL PRIMARY KEY,       -- the record's id for consent that came with a record
  subject_id   bigint NOT NULL,
  terms_id     integer NOT NULL,
  action       text NOT NULL CHECK (action IN ('given', 'withdrawn')),
  at           timestamptz NOT NULL,
  valid_until  date,
  recorded_at  timestamptz NOT NULL
);
CREATE INDEX receipt_by_subject ON consent.receipt (subject_id);
CREATE INDEX receipt_withdrawn ON consent.receipt (subject_id) WHERE action = 'withdrawn';

CREATE TRIGGER receipt_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent.receipt
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();
CREATE TRIGGER terms_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent.terms
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();

GRANT USAGE ON SCHEMA consent TO tutela_ingest, tutela_destroy, tutela_verify, tutela_consent, tutela_audit;
GRANT SELECT, INSERT ON consent.terms, consent.receipt TO tutela_ingest, tutela_consent;
GRANT SELECT ON consent.terms, consent.receipt TO tutela_verify, tutela_audit;
-- Quality: what each batch scored, and the rows that wait for a steward. No column holds a customer's value in clear.

CREATE TABLE quality.score (
  batch_id     bigint NOT NULL REFERENCES vault.batch,
  expectation  text NOT NULL,                   -- <field>.<rule>
  field        text NOT NULL,
  dimension    text NOT NULL,                   -- GB/T 36344
  severity     text NOT NULL CHECK (severity IN ('critical', 'warning', 'info')),
  evaluated    integer NOT NULL CHECK (evaluated >= 0),
  failed       integer NOT NULL CHECK (failed BETWEEN 0 AND evaluated),
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
  arrived_at      timestamptz NOT NULL
);
CREATE INDEX quarantine_by_cohort ON quality.quarantine (cohort_id);

GRANT USAGE ON SCHEMA quality TO tutela_ingest, tutela_destroy, tutela_verify, tutela_audit;
GRANT SELECT, INSERT ON quality.score, quality.document TO tutela_ingest;
GRANT INSERT ON quality.quarantine TO tutela_ingest;
GRANT SELECT, DELETE ON quality.quarantine TO tutela_destroy;
GRANT SELECT ON ALL TABLES IN SCHEMA quality TO tutela_verify;
GRANT SELECT ON quality.score, quality.document TO tutela_audit;

-- The catalogue: what classification found in each column of each batch, beside what the plan declares.
CREATE TABLE catalog.column_profile (
  batch_id    bigint NOT NULL REFERENCES vault.batch,
  field       text NOT NULL,
  declared    text NOT NULL,                    -- code by the plan
  entity      text,                             -- Presidio's label of what was found
  category    text,
  level       smallint,
  code        text,
  confidence  real NOT NULL,
  cells       integer NOT NULL,
  found       integer NOT NULL,
  also        jsonb NOT NULL,                   -- entity -> cells
  PRIMARY KEY (batch_id, field)
);
GRANT USAGE ON SCHEMA catalog TO tutela_ingest, tutela_verify, tutela_audit;
GRANT SELECT, INSERT ON catalog.column_profile TO tutela_ingest;
GRANT SELECT ON catalog.column_profile TO tutela_verify, tutela_audit;
-- The ledger: a Merkle log (RFC 9162). INSERT is all that anyone may do, and only gaplessly.

CREATE TABLE evidence.entry (
  seq   bigint PRIMARY KEY CHECK (seq >= 0),    -- leaf index
  body  text NOT NULL,                          -- canonical JSON
  leaf  bytea NOT NULL CHECK (length(leaf) = 32)
);

-- A signed tree head after each append; frontier is what the next append needs.
CREATE TABLE evidence.checkpoint (
  size       bigint PRIMARY KEY CHECK (size > 0),
  root       bytea NOT NULL CHECK (length(root) = 32),
  document   text NOT NULL,                     -- the checkpoint with its signature, canonical JSON
  frontier   bytea NOT NULL
);

CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence.entry
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();
CREATE TRIGGER checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence.checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();

GRANT USAGE ON SCHEMA evidence TO tutela_ingest, tutela_destroy, tutela_verify, tutela_consent, tutela_audit;
GRANT SELECT, INSERT ON evidence.entry, evidence.checkpoint TO tutela_ingest, tutela_destroy, tutela_consent, tutela_audit;
GRANT SELECT ON evidence.entry, evidence.checkpoint TO tutela_verify;
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
