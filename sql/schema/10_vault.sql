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
  source       text NOT NULL DEFAULT 'delivery' CHECK (source IN (
                 'delivery',                    -- as it arrived
                 'steward')),                   -- quarantined rows that a steward corrected or accepted
  entered_by   text NOT NULL DEFAULT 'unknown',
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
  collected_on    date NOT NULL,                -- what retention counts from, with the events of its subject
  active_on       date,                         -- day of the last activity that came with it, if one did
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
    EXECUTE format('GRANT SELECT ON vault.%I TO tutela_backup', name);
    PERFORM tutela.keep_no_statistics();   -- a partition does not inherit that
  END IF;
END $$;

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
  -- A dropped table fires no trigger: what lay in it is taken off here.
  UPDATE destruction.lying l SET records = 0
    FROM keyring.cohort c
   WHERE c.cohort_id = l.cohort_id AND l.cohort_id = ANY (cohorts)
     AND c.expires_on >= date_trunc('month', month) AND c.expires_on < date_trunc('month', month) + interval '1 month';
  RETURN records;
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
GRANT UPDATE (cohort_id, expires_on, subject_id, part_1, part_2, part_3, part_4, part_5) ON vault.record
   TO tutela_destroy;
GRANT UPDATE (expires_on) ON vault.blind_index TO tutela_destroy;
GRANT SELECT ON vault.batch, vault.delivery TO tutela_destroy;
GRANT SELECT ON ALL TABLES IN SCHEMA vault TO tutela_verify;
GRANT SELECT ON vault.subject, vault.blind_index, vault.delivery TO tutela_consent;
GRANT SELECT ON vault.batch, vault.delivery TO tutela_audit;
REVOKE EXECUTE ON FUNCTION vault.ensure_partition(date), vault.drop_due_partition(date, integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION vault.ensure_partition(date) TO tutela_ingest, tutela_destroy;
GRANT EXECUTE ON FUNCTION vault.drop_due_partition(date, integer[]) TO tutela_destroy;
