-- Backups: what a dump may read, what was sealed again since the oldest of them, and what a lost database took with it.

-- A backup, by the derivative that registers it.
CREATE TABLE destruction.backup (
  backup_id      text PRIMARY KEY,
  derivative_id  text NOT NULL REFERENCES destruction.derivative,
  ledger_size    bigint NOT NULL,               -- of the ledger when it was begun
  completed_at   timestamptz
);

-- Rows that were changed since. A backup has them as they were, sealed under keys that may be destroyed by now; so the
-- keyring's snapshot carries them as they are (docs/decisions/0013). The size orders changes and backups without a clock.
CREATE TABLE vault.changed (
  record_id    uuid NOT NULL,
  ledger_size  bigint NOT NULL
);
CREATE INDEX changed_since ON vault.changed (ledger_size);

CREATE FUNCTION vault.note_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  INSERT INTO vault.changed SELECT record_id, (SELECT coalesce(max(size), 0) FROM evidence.checkpoint) FROM changed_rows;
  RETURN NULL;
END $$;
CREATE TRIGGER record_changed AFTER UPDATE ON vault.record REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION vault.note_changed();
CREATE TRIGGER quarantine_changed AFTER UPDATE ON quality.quarantine REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION vault.note_changed();

-- A hold that the ledger speaks of and that was lost with a database: whose it was is not known. Until somebody lays it
-- anew and settles it here, nothing is destroyed.
CREATE TABLE destruction.lost_hold (
  hold_id      text PRIMARY KEY,
  owner        text NOT NULL,
  review_on    date NOT NULL,
  restored_by  text NOT NULL,
  settled_at   timestamptz,
  settled_by   text,
  CHECK ((settled_at IS NULL) = (settled_by IS NULL))
);

-- Who makes backups reads everything and changes nothing but the register and the ledger.
GRANT USAGE ON SCHEMA vault, keyring, consent, quality, catalog, destruction, evidence, tutela TO tutela_backup;
GRANT SELECT ON ALL TABLES IN SCHEMA vault, keyring, consent, quality, catalog, destruction, evidence TO tutela_backup;
GRANT SELECT ON tutela.migration TO tutela_backup;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA vault, keyring, consent, quality, catalog, destruction, evidence TO tutela_backup;
GRANT INSERT ON evidence.entry, evidence.checkpoint TO tutela_backup;
GRANT INSERT, UPDATE (state, destroyed_at, destroyed_by) ON destruction.derivative TO tutela_backup;
GRANT DELETE ON destruction.derivative_subject TO tutela_backup;
GRANT INSERT, UPDATE (completed_at) ON destruction.backup TO tutela_backup;
GRANT DELETE ON vault.changed TO tutela_backup;
GRANT SELECT ON destruction.backup, vault.changed, destruction.lost_hold TO tutela_destroy, tutela_verify;
GRANT SELECT ON destruction.backup, destruction.lost_hold TO tutela_audit;
GRANT UPDATE (settled_at, settled_by) ON destruction.lost_hold TO tutela_destroy;
