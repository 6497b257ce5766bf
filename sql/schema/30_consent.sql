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
