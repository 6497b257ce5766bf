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
  arrived_at      timestamptz NOT NULL
);
CREATE INDEX quarantine_by_cohort ON quality.quarantine (cohort_id);

GRANT USAGE ON SCHEMA quality TO tutela_ingest, tutela_destroy, tutela_verify, tutela_audit;
GRANT SELECT, INSERT ON quality.score, quality.document TO tutela_ingest;
GRANT INSERT ON quality.quarantine TO tutela_ingest;
GRANT SELECT, DELETE, UPDATE (cohort_id, expires_on) ON quality.quarantine TO tutela_destroy;
GRANT SELECT ON ALL TABLES IN SCHEMA quality TO tutela_verify;
GRANT SELECT ON quality.score, quality.document TO tutela_audit;
