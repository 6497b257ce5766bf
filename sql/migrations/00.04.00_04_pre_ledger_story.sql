-- What the ledger's entries are about, for whoever reads it as a story: filled when somebody reads, from the entries.

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
GRANT SELECT ON evidence.story, evidence.story_actor TO tutela_backup;
