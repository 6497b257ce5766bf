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

-- Records that share a retention class and a day, and what is done with them on it.
CREATE TABLE keyring.cohort (
  cohort_id        integer PRIMARY KEY,
  retention_class  text NOT NULL,
  expires_on       date NOT NULL,
  destroyed_by     text,                         -- the destruction that blanked its key
  action           text NOT NULL DEFAULT 'destroy' CHECK (action IN ('destroy', 'restrict', 'review')),
  restricted       boolean NOT NULL DEFAULT false,   -- store and secure only (PIPL art. 47)
  left_on          date,                         -- a record that left it for an earlier day is due then, so its key too
  spent            boolean NOT NULL DEFAULT false,   -- nothing lies in it any more; its key goes with the next destruction
  came_from        integer[] NOT NULL DEFAULT '{}'   -- cohorts that records here lay in before, as long as they have a key
);
-- A late arrival for a cohort already destroyed or spent opens a new one.
CREATE UNIQUE INDEX cohort_open ON keyring.cohort (retention_class, expires_on, action, restricted)
 WHERE destroyed_by IS NULL AND NOT spent;
CREATE INDEX cohort_by_expiry ON keyring.cohort (expires_on) WHERE destroyed_by IS NULL;
CREATE INDEX cohort_left ON keyring.cohort (left_on) WHERE destroyed_by IS NULL AND left_on IS NOT NULL;
CREATE INDEX cohort_spent ON keyring.cohort (cohort_id) WHERE destroyed_by IS NULL AND spent;

GRANT USAGE ON SCHEMA keyring TO tutela_ingest, tutela_destroy, tutela_verify, tutela_audit;
GRANT USAGE ON SEQUENCE keyring.cohort_id_seq TO tutela_ingest, tutela_destroy;
GRANT USAGE ON SEQUENCE keyring.generation_seq TO tutela_ingest, tutela_destroy;
GRANT SELECT, INSERT ON keyring.page, keyring.cohort, keyring.generation TO tutela_ingest;
GRANT SELECT, INSERT, UPDATE ON keyring.page, keyring.cohort, keyring.generation TO tutela_destroy;
GRANT SELECT ON ALL TABLES IN SCHEMA keyring TO tutela_verify;
GRANT SELECT ON keyring.generation, keyring.cohort TO tutela_audit;
