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

-- An entry follows the last one: a gap would be a place to hide a removed entry in.
CREATE FUNCTION evidence.refuse_gap() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE first bigint; last bigint; added bigint;
BEGIN
  SELECT min(seq), max(seq), count(*) INTO first, last, added FROM new_entries;
  IF last - first + 1 <> added OR (first > 0 AND NOT EXISTS (SELECT FROM evidence.entry WHERE seq = first - 1)) THEN
    RAISE EXCEPTION 'evidence.entry has no gaps: entries follow the last one' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER entry_gapless AFTER INSERT ON evidence.entry REFERENCING NEW TABLE AS new_entries
  FOR EACH STATEMENT EXECUTE FUNCTION evidence.refuse_gap();

GRANT USAGE ON SCHEMA evidence TO tutela_ingest, tutela_destroy, tutela_verify, tutela_consent, tutela_audit;
GRANT SELECT, INSERT ON evidence.entry, evidence.checkpoint TO tutela_ingest, tutela_destroy, tutela_consent, tutela_audit;
GRANT SELECT ON evidence.entry, evidence.checkpoint TO tutela_verify;

-- What the ledger's entries are about, for whoever reads it as a story. It says nothing that the entries don't say, and is
-- filled when somebody reads: to index the entries themselves made appending a tenth to a quarter slower.
CREATE TABLE evidence.story (
  seq   bigint PRIMARY KEY,
  kind  text NOT NULL,
  plan  text,
  at    timestamptz NOT NULL
);
CREATE INDEX story_of_kind ON evidence.story (kind, seq);
CREATE INDEX story_of_plan ON evidence.story (plan, seq) WHERE plan IS NOT NULL;
CREATE INDEX story_of_plan_and_kind ON evidence.story (plan, kind, seq) WHERE plan IS NOT NULL;
CREATE INDEX story_by_time ON evidence.story (at);

-- Who acted in an entry: a person or a service, each one that it names.
CREATE TABLE evidence.story_actor (
  who  text NOT NULL,
  seq  bigint NOT NULL,
  PRIMARY KEY (who, seq)
);
CREATE TRIGGER story_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence.story
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();
CREATE TRIGGER story_actor_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence.story_actor
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();

GRANT SELECT, INSERT ON evidence.story, evidence.story_actor TO tutela_audit;
