-- root_at --
-- The root that was signed at one size of the ledger.
SELECT root FROM evidence.checkpoint WHERE size = :size;

-- entries_between --
-- The entries from one size of the ledger to another, in order.
SELECT body FROM evidence.entry WHERE seq >= :start AND seq < :size ORDER BY seq;

-- certificates_of --
-- The certificates of some destructions.
SELECT certificate FROM destruction.job WHERE job_id = ANY(:jobs) AND certificate IS NOT NULL ORDER BY job_id;

-- repeatable_read --
-- Everything that this transaction reads is of one moment.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;

-- export_moment --
-- Let pg_dump read the same moment.
SELECT pg_export_snapshot();

-- page_counts --
-- How many pages each ring has.
SELECT ring, count(*) AS pages FROM keyring.page GROUP BY ring;

-- columns_of --
-- The columns of some tables, in order.
SELECT CAST(a.attrelid AS regclass)::text AS name, a.attname AS attribute
  FROM pg_attribute a WHERE a.attrelid = ANY(CAST(CAST(:tables AS text[]) AS regclass[]))
   AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum;

-- snapshot_generations --
-- For the keyring's snapshot: the root generations.
COPY (SELECT g.* FROM keyring.generation g) TO STDOUT (FORMAT binary)

-- snapshot_cohorts --
-- For the keyring's snapshot: what its cohorts are, and which are destroyed.
COPY (SELECT c.* FROM keyring.cohort c) TO STDOUT (FORMAT binary)

-- snapshot_records --
-- For the keyring's snapshot: the records that a backup has in an earlier state.
COPY (SELECT r.* FROM vault.record r
       WHERE r.record_id IN (SELECT c.record_id FROM vault.changed c WHERE c.ledger_size >=
                             (SELECT min(b.ledger_size) FROM destruction.backup b JOIN destruction.derivative USING (derivative_id)
                               WHERE state <> 'destroyed'))) TO STDOUT (FORMAT binary)

-- snapshot_quarantine --
-- For the keyring's snapshot: likewise the quarantined rows.
COPY (SELECT q.* FROM quality.quarantine q
       WHERE q.record_id IN (SELECT c.record_id FROM vault.changed c WHERE c.ledger_size >=
                             (SELECT min(b.ledger_size) FROM destruction.backup b JOIN destruction.derivative USING (derivative_id)
                               WHERE state <> 'destroyed'))) TO STDOUT (FORMAT binary)

-- snapshot_requests --
-- For the keyring's snapshot: what was asked for and is not settled, or has a destruction that is not done.
COPY (SELECT q.* FROM destruction.request q
       WHERE q.settled_at IS NULL
          OR EXISTS (SELECT FROM destruction.job j WHERE j.request_id = q.request_id AND j.state <> 'confirmed')
     ) TO STDOUT (FORMAT binary)

-- snapshot_wanted --
-- For the keyring's snapshot: whom they name.
COPY (SELECT w.* FROM destruction.wanted w JOIN destruction.request q USING (request_id)
       WHERE q.settled_at IS NULL
          OR EXISTS (SELECT FROM destruction.job j WHERE j.request_id = q.request_id AND j.state <> 'confirmed')
     ) TO STDOUT (FORMAT binary)

-- snapshot_jobs --
-- For the keyring's snapshot: destructions without a certificate. Those that have one are in the journal.
COPY (SELECT j.* FROM destruction.job j WHERE j.state <> 'confirmed') TO STDOUT (FORMAT binary)

-- snapshot_targets --
-- For the keyring's snapshot: the keys that they are to blank.
COPY (SELECT t.* FROM destruction.target t JOIN destruction.job j USING (job_id)
       WHERE j.state NOT IN ('confirmed', 'blocked', 'rejected')) TO STDOUT (FORMAT binary)

-- snapshot_decisions --
-- For the keyring's snapshot: what leaders decided about them.
COPY (SELECT a.* FROM destruction.approval a JOIN destruction.job j USING (job_id)
       WHERE j.state <> 'confirmed') TO STDOUT (FORMAT binary)

-- snapshot_samples --
-- For the keyring's snapshot: ciphertext that is kept until they are verified.
COPY (SELECT s.* FROM destruction.sample s) TO STDOUT (FORMAT binary)

-- snapshot_holds --
-- For the keyring's snapshot: legal holds.
COPY (SELECT h.* FROM destruction.hold h) TO STDOUT (FORMAT binary)

-- snapshot_lost_holds --
-- For the keyring's snapshot: holds that an earlier restore could not bring back.
COPY (SELECT h.* FROM destruction.lost_hold h) TO STDOUT (FORMAT binary)

-- destruction_under_way --
-- A destruction that has begun and is not done.
SELECT job_id FROM destruction.job WHERE state IN ('approved', 'keys_destroyed', 'rows_removed', 'verified') LIMIT 1;

-- schema_version --
-- The newest migration that this database has seen.
SELECT max(name) FROM tutela.migration;

-- collected_plans --
-- The plans under which anything was ever collected.
SELECT DISTINCT plan FROM vault.delivery ORDER BY plan;

-- insert_backup --
-- A backup is begun.
INSERT INTO destruction.backup (backup_id, derivative_id, ledger_size) VALUES (:backup_id, :derivative_id, :ledger_size);

-- complete_backup --
-- A backup is whole and in its place.
UPDATE destruction.backup SET completed_at = :at WHERE backup_id = :backup_id AND completed_at IS NULL;

-- incomplete_backups --
-- Backups that were begun, and are not known to be whole.
SELECT b.backup_id, d.* FROM destruction.backup b JOIN destruction.derivative d USING (derivative_id)
 WHERE b.completed_at IS NULL AND d.state <> 'destroyed' ORDER BY b.backup_id;

-- registered_backups --
-- All backups that were ever registered.
SELECT b.backup_id, d.* FROM destruction.backup b JOIN destruction.derivative d USING (derivative_id) ORDER BY b.backup_id;

-- latest_backup_expiry --
-- Until when there are backups.
SELECT max(expires_on) FROM destruction.derivative WHERE kind = 'backup' AND state <> 'destroyed';

-- forget_changed --
-- What the oldest backup has as it is need not be remembered.
DELETE FROM vault.changed WHERE ledger_size <
  coalesce((SELECT min(b.ledger_size) FROM destruction.backup b JOIN destruction.derivative d USING (derivative_id)
             WHERE d.state <> 'destroyed'), 9223372036854775807);
