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
