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

-- snapshot_changed --
-- For the keyring's snapshot: which rows those are or were. One that was changed and is not there now was destroyed.
COPY (SELECT c.* FROM vault.changed c WHERE c.ledger_size >=
                      (SELECT min(b.ledger_size) FROM destruction.backup b JOIN destruction.derivative USING (derivative_id)
                        WHERE state <> 'destroyed')) TO STDOUT (FORMAT binary)

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

-- snapshot_events --
-- For the keyring's snapshot: what happened to subjects since the oldest backup, as far as retention counts from it.
COPY (SELECT e.* FROM destruction.event e WHERE e.entry >=
                     (SELECT min(b.ledger_size) FROM destruction.backup b JOIN destruction.derivative USING (derivative_id)
                       WHERE state <> 'destroyed')) TO STDOUT (FORMAT binary)

-- snapshot_schedule --
-- For the keyring's snapshot: under which rule each plan's records lie in their cohorts.
COPY (SELECT f.* FROM destruction.schedule_in_force f) TO STDOUT (FORMAT binary)

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

-- make_back --
-- Restore: where the tables of a keyring snapshot are put before they are put back.
DO $$
BEGIN
  CREATE TEMPORARY TABLE back_generation (LIKE keyring.generation) ON COMMIT DROP;
  CREATE TEMPORARY TABLE back_cohort (LIKE keyring.cohort) ON COMMIT DROP;
  CREATE TEMPORARY TABLE back_record (LIKE vault.record) ON COMMIT DROP;
  CREATE TEMPORARY TABLE back_quarantine (LIKE quality.quarantine) ON COMMIT DROP;
  CREATE TEMPORARY TABLE back_changed (LIKE vault.changed) ON COMMIT DROP;
  CREATE TEMPORARY TABLE back_request (LIKE destruction.request) ON COMMIT DROP;
  CREATE TEMPORARY TABLE back_wanted (LIKE destruction.wanted) ON COMMIT DROP;
  CREATE TEMPORARY TABLE back_job (LIKE destruction.job) ON COMMIT DROP;
  CREATE TEMPORARY TABLE back_target (LIKE destruction.target) ON COMMIT DROP;
  CREATE TEMPORARY TABLE back_approval (LIKE destruction.approval) ON COMMIT DROP;
  CREATE TEMPORARY TABLE back_sample (LIKE destruction.sample) ON COMMIT DROP;
  CREATE TEMPORARY TABLE back_hold (LIKE destruction.hold) ON COMMIT DROP;
  CREATE TEMPORARY TABLE back_lost_hold (LIKE destruction.lost_hold) ON COMMIT DROP;
  CREATE TEMPORARY TABLE back_event (LIKE destruction.event) ON COMMIT DROP;
  CREATE TEMPORARY TABLE back_schedule (LIKE destruction.schedule_in_force) ON COMMIT DROP;
END $$;

-- copy_back_generation --
-- Restore: rows of keyring.generation in.
COPY back_generation FROM STDIN (FORMAT binary)

-- copy_back_cohort --
-- Restore: rows of keyring.cohort in.
COPY back_cohort FROM STDIN (FORMAT binary)

-- copy_back_record --
-- Restore: rows of vault.record in.
COPY back_record FROM STDIN (FORMAT binary)

-- copy_back_quarantine --
-- Restore: rows of quality.quarantine in.
COPY back_quarantine FROM STDIN (FORMAT binary)

-- copy_back_changed --
-- Restore: rows of vault.changed in.
COPY back_changed FROM STDIN (FORMAT binary)

-- copy_back_request --
-- Restore: rows of destruction.request in.
COPY back_request FROM STDIN (FORMAT binary)

-- copy_back_wanted --
-- Restore: rows of destruction.wanted in.
COPY back_wanted FROM STDIN (FORMAT binary)

-- copy_back_job --
-- Restore: rows of destruction.job in.
COPY back_job FROM STDIN (FORMAT binary)

-- copy_back_target --
-- Restore: rows of destruction.target in.
COPY back_target FROM STDIN (FORMAT binary)

-- copy_back_approval --
-- Restore: rows of destruction.approval in.
COPY back_approval FROM STDIN (FORMAT binary)

-- copy_back_sample --
-- Restore: rows of destruction.sample in.
COPY back_sample FROM STDIN (FORMAT binary)

-- copy_back_hold --
-- Restore: rows of destruction.hold in.
COPY back_hold FROM STDIN (FORMAT binary)

-- copy_back_lost_hold --
-- Restore: rows of destruction.lost_hold in.
COPY back_lost_hold FROM STDIN (FORMAT binary)

-- copy_back_event --
-- Restore: rows of destruction.event in.
COPY back_event FROM STDIN (FORMAT binary)

-- copy_back_schedule --
-- Restore: rows of destruction.schedule_in_force in.
COPY back_schedule FROM STDIN (FORMAT binary)

-- put_back_generations --
-- Restore: root generations as the snapshot has them; what it knows replaces what the backup knew.
UPDATE keyring.generation g SET state = b.state, destroyed_at = b.destroyed_at
  FROM back_generation b WHERE g.generation = b.generation;

-- put_back_new_generations --
-- Restore: root generations made since.
INSERT INTO keyring.generation SELECT * FROM back_generation ON CONFLICT (generation) DO NOTHING;

-- put_back_cohorts --
-- Restore: what cohorts are by now.
UPDATE keyring.cohort c SET destroyed_by = b.destroyed_by, left_on = b.left_on, spent = b.spent,
       came_from = b.came_from
  FROM back_cohort b WHERE c.cohort_id = b.cohort_id;

-- put_back_new_cohorts --
-- Restore: cohorts opened since.
INSERT INTO keyring.cohort SELECT * FROM back_cohort ON CONFLICT (cohort_id) DO NOTHING;

-- copy_back_pages --
-- Restore: the keyring in.
COPY keyring.page (ring, page, sealed, wrapped, generation) FROM STDIN (FORMAT binary)

-- back_months --
-- Restore: the months of records that were sealed again.
SELECT DISTINCT date_trunc('month', expires_on)::date AS month FROM back_record ORDER BY 1;

-- forget_back_records --
-- Restore: of records that came after the backup there is nothing else.
DELETE FROM back_record b WHERE NOT EXISTS (SELECT FROM vault.record r WHERE r.record_id = b.record_id);

-- drop_changed_records --
-- Restore: records that were changed since the backup, as it has them.
DELETE FROM vault.record r WHERE r.record_id IN (SELECT record_id FROM back_changed UNION ALL SELECT record_id FROM back_record);

-- put_back_records --
-- Restore: records that were changed, as they are.
INSERT INTO vault.record SELECT * FROM back_record;

-- forget_back_quarantine --
-- Restore: likewise quarantined rows.
DELETE FROM back_quarantine b WHERE NOT EXISTS (SELECT FROM quality.quarantine q WHERE q.record_id = b.record_id);

-- drop_changed_quarantine --
-- Restore: likewise.
DELETE FROM quality.quarantine q
 WHERE q.record_id IN (SELECT record_id FROM back_changed UNION ALL SELECT record_id FROM back_quarantine);

-- put_back_quarantine --
-- Restore: likewise.
INSERT INTO quality.quarantine SELECT * FROM back_quarantine;

-- put_back_changed --
-- Restore: an older backup still has them in an earlier state.
INSERT INTO vault.changed SELECT b.* FROM back_changed b
 WHERE NOT EXISTS (SELECT FROM vault.changed c WHERE c.record_id = b.record_id AND c.ledger_size = b.ledger_size);

-- put_back_requests --
-- Restore: requests for destruction that were settled since.
UPDATE destruction.request q SET settled_at = b.settled_at FROM back_request b
 WHERE q.request_id = b.request_id AND q.settled_at IS DISTINCT FROM b.settled_at;

-- put_back_new_requests --
-- Restore: requests made since.
INSERT INTO destruction.request SELECT * FROM back_request ON CONFLICT DO NOTHING;

-- put_back_wanted --
-- Restore: whom they name, and of whom the key is destroyed.
INSERT INTO destruction.wanted SELECT * FROM back_wanted
ON CONFLICT (request_id, subject_id) DO UPDATE SET settled_by = excluded.settled_by;

-- let_jobs_change --
-- Restore: a destruction is put into the state that it had, by whatever way it came there.
ALTER TABLE destruction.job DISABLE TRIGGER job_transition;

-- guard_jobs_again --
-- Restore: from here on it goes step by step again.
ALTER TABLE destruction.job ENABLE TRIGGER job_transition;

-- put_back_jobs --
-- Restore: destructions that went on since.
UPDATE destruction.job j
   SET state = b.state, approval_id = b.approval_id, old_generation = b.old_generation,
       new_generation = b.new_generation, steps = b.steps, certificate = b.certificate, verdict = b.verdict
  FROM back_job b WHERE j.job_id = b.job_id;

-- put_back_new_jobs --
-- Restore: destructions begun since.
INSERT INTO destruction.job SELECT * FROM back_job ON CONFLICT (job_id) DO NOTHING;

-- forget_named_roots --
-- Restore: a root that was named and not put in force. In the lost database a later one may have been in force since, which
-- the provider still has: a destruction names its root anew, so that all others are older and are destroyed.
UPDATE destruction.job SET steps = steps - 'new_root', old_generation = NULL, new_generation = NULL
 WHERE state = 'approved' AND NOT steps ? 'rotated';

-- put_back_targets --
-- Restore: the keys that they are to blank.
INSERT INTO destruction.target SELECT * FROM back_target ON CONFLICT DO NOTHING;

-- put_back_decisions --
-- Restore: what leaders decided about them.
INSERT INTO destruction.approval SELECT * FROM back_approval ON CONFLICT DO NOTHING;

-- put_back_samples --
-- Restore: ciphertext kept until they are verified.
INSERT INTO destruction.sample SELECT * FROM back_sample ON CONFLICT DO NOTHING;

-- put_back_holds --
-- Restore: legal holds.
INSERT INTO destruction.hold SELECT * FROM back_hold
ON CONFLICT (hold_id) DO UPDATE SET released_at = excluded.released_at, released_by = excluded.released_by;

-- put_back_lost_holds --
-- Restore: holds that an earlier restore could not bring back.
INSERT INTO destruction.lost_hold SELECT * FROM back_lost_hold
ON CONFLICT (hold_id) DO UPDATE SET settled_at = excluded.settled_at, settled_by = excluded.settled_by;

-- put_back_events --
-- Restore: what happened to subjects since.
INSERT INTO destruction.event SELECT * FROM back_event ON CONFLICT DO NOTHING;

-- put_back_schedule --
-- Restore: under which rule each plan's records lie.
INSERT INTO destruction.schedule_in_force SELECT * FROM back_schedule
ON CONFLICT (plan) DO UPDATE SET retention_class = excluded.retention_class, rule = excluded.rule, since = excluded.since;

-- jobs_known --
-- Restore: which of some destructions the database has.
SELECT job_id, state::text AS state FROM destruction.job WHERE job_id = ANY(:jobs);

-- certify_job --
-- Restore: a destruction that the journal has the certificate of.
UPDATE destruction.job SET state = 'confirmed', verdict = :verdict, certificate = CAST(:certificate AS jsonb),
       approval_id = coalesce(approval_id, :approval_id)
 WHERE job_id = :job_id;

-- insert_certified_job --
-- Restore: a destruction of which nothing but its certificate is left.
INSERT INTO destruction.job (job_id, origin, as_of, state, manifest, manifest_hash, schedule_hash, approval_id, applicant,
                             executor, old_generation, new_generation, certificate, verdict, created_at)
VALUES (:job_id, :origin, :as_of, 'confirmed', CAST(:manifest AS jsonb), :manifest_hash, :schedule_hash, :approval_id,
        :applicant, :executor, :old_generation, :new_generation, CAST(:certificate AS jsonb), :verdict, :at);

-- forget_samples_of_done --
-- Restore: ciphertext kept for destructions that are verified.
DELETE FROM destruction.sample s USING destruction.job j WHERE j.job_id = s.job_id AND j.state = 'confirmed';

-- release_known_hold --
-- Restore: a hold that the ledger says is released.
UPDATE destruction.hold SET released_at = :at, released_by = :by WHERE hold_id = :hold_id AND released_at IS NULL;

-- holds_known --
-- Restore: which of some holds the database has.
SELECT hold_id FROM destruction.hold WHERE hold_id = ANY(:holds);

-- insert_lost_hold --
-- Restore: a hold that nothing but the ledger speaks of.
INSERT INTO destruction.lost_hold (hold_id, owner, review_on, restored_by)
VALUES (:hold_id, :owner, :review_on, :restored_by) ON CONFLICT DO NOTHING;

-- lost_holds --
-- Holds that were lost with a database and that nobody has laid anew.
SELECT hold_id, owner, review_on FROM destruction.lost_hold WHERE settled_at IS NULL ORDER BY hold_id;

-- settle_lost_hold --
-- A lost hold was laid anew, or is no longer needed.
UPDATE destruction.lost_hold SET settled_at = :at, settled_by = :by WHERE hold_id = :hold_id AND settled_at IS NULL;

-- make_blank --
-- Restore: the slots of the keyring that are blank.
CREATE TEMPORARY TABLE blank (cohort boolean, key_id bigint) ON COMMIT DROP;

-- copy_blank --
-- Restore: slots in.
COPY blank (cohort, key_id) FROM STDIN (FORMAT binary)

-- spare_under_way --
-- Restore: what a destruction is about that has still to remove it is left to it. One that is further has removed it,
-- and would be confirmed with what the backup brings back.
DELETE FROM blank b USING destruction.target t JOIN destruction.job j USING (job_id)
 WHERE j.state IN ('approved', 'keys_destroyed')
   AND t.key_id = b.key_id AND (t.ring = 'cohort') = b.cohort;

-- analyze_blank --
-- Restore: tell the planner how many.
ANALYZE blank;

-- make_losing --
-- Restore: subjects that lose a record.
CREATE TEMPORARY TABLE losing ON COMMIT DROP AS
SELECT DISTINCT subject_id FROM vault.record
 WHERE cohort_id IN (SELECT key_id FROM blank WHERE cohort) OR subject_id IN (SELECT key_id FROM blank WHERE NOT cohort);

-- blank_months --
-- Restore: the months in which cohorts are destroyed.
SELECT date_trunc('month', c.expires_on)::date AS month, array_agg(c.cohort_id) AS cohorts
  FROM keyring.cohort c JOIN blank b ON b.cohort AND b.key_id = c.cohort_id GROUP BY 1 ORDER BY 1;

-- replay_records --
-- Restore: records whose key is destroyed.
DELETE FROM vault.record
 WHERE cohort_id IN (SELECT key_id FROM blank WHERE cohort) OR subject_id IN (SELECT key_id FROM blank WHERE NOT cohort);

-- replay_quarantine --
-- Restore: likewise quarantined rows.
DELETE FROM quality.quarantine
 WHERE cohort_id IN (SELECT key_id FROM blank WHERE cohort) OR holder_id IN (SELECT key_id FROM blank WHERE NOT cohort);

-- replay_subjects --
-- Restore: subjects whose key is destroyed, or who have lost their last record.
DELETE FROM vault.subject s
 WHERE s.subject_id IN (SELECT key_id FROM blank WHERE NOT cohort)
    OR (s.subject_id IN (SELECT subject_id FROM losing)
        AND NOT EXISTS (SELECT FROM vault.record r WHERE r.subject_id = s.subject_id));

-- replay_last_days --
-- Restore: the last day of the others who lost one, or whose records were sealed again.
UPDATE vault.subject s SET expires_on = r.last
  FROM (SELECT subject_id, max(expires_on) AS last FROM vault.record
         WHERE subject_id IN (SELECT subject_id FROM losing UNION SELECT subject_id FROM back_record) GROUP BY 1) r
 WHERE s.subject_id = r.subject_id AND s.expires_on <> r.last;

-- replay_cohorts --
-- Restore: cohorts whose key is destroyed.
UPDATE keyring.cohort SET destroyed_by = :restore
 WHERE destroyed_by IS NULL AND cohort_id IN (SELECT key_id FROM blank WHERE cohort);

-- count_blank_rows --
-- Restore: rows that are still there although their key is destroyed.
SELECT (SELECT count(*) FROM vault.record
         WHERE cohort_id IN (SELECT key_id FROM blank WHERE cohort) OR subject_id IN (SELECT key_id FROM blank WHERE NOT cohort))
     + (SELECT count(*) FROM quality.quarantine
         WHERE cohort_id IN (SELECT key_id FROM blank WHERE cohort) OR holder_id IN (SELECT key_id FROM blank WHERE NOT cohort));

-- note_lost_rows --
-- Restore: how many rows of a destruction whose keys are blank came after the backup. They are gone, by whatever hand, and
-- are counted as what they are when the rest is removed.
WITH aimed AS (
  SELECT job_id, ring, key_id FROM destruction.job j JOIN destruction.target USING (job_id)
   WHERE j.state = 'keys_destroyed' OR (j.state = 'approved' AND j.steps ? 'rotated')
), found AS (
  SELECT job_id FROM aimed JOIN vault.record r ON ring = 'cohort' AND r.cohort_id = key_id
  UNION ALL
  SELECT job_id FROM aimed JOIN vault.record r ON ring = 'subject' AND r.subject_id = key_id
  UNION ALL
  SELECT job_id FROM aimed JOIN quality.quarantine q ON ring = 'cohort' AND q.cohort_id = key_id
  UNION ALL
  SELECT job_id FROM aimed JOIN quality.quarantine q ON ring = 'subject' AND q.holder_id = key_id
)
UPDATE destruction.job j
   SET steps = steps || jsonb_build_object('lost', (j.manifest ->> 'records')::bigint
                                                   - (SELECT count(*) FROM found f WHERE f.job_id = j.job_id))
 WHERE j.job_id IN (SELECT job_id FROM aimed);

-- go_on_numbering --
-- Restore: numbers that may have been given out before the loss are not given out again.
SELECT setval('vault.subject_id_seq', greatest((SELECT last_value FROM vault.subject_id_seq), :subjects)),
       setval('keyring.cohort_id_seq', greatest((SELECT last_value FROM keyring.cohort_id_seq), :cohorts)),
       setval('keyring.generation_seq', greatest((SELECT last_value FROM keyring.generation_seq), :generations));

-- make_rebuilt_index --
-- Restore: where blind indexes are gathered from several processes.
CREATE UNLOGGED TABLE vault.rebuilt_index (kind text, digest uuid, subject_id bigint, strong boolean, expires_on date);

-- copy_rebuilt_index --
-- Restore: blind indexes in.
COPY vault.rebuilt_index (kind, digest, subject_id, strong, expires_on) FROM STDIN (FORMAT binary)

-- put_rebuilt_index --
-- Restore: each blind index once, for as long as the last record that supports it.
INSERT INTO vault.blind_index (kind, digest, subject_id, strong, expires_on)
SELECT kind, digest, subject_id, strong, max(expires_on) FROM vault.rebuilt_index GROUP BY kind, digest, subject_id, strong;

-- drop_rebuilt_index --
-- Restore: they are in their place.
DROP TABLE vault.rebuilt_index;

-- surviving_records --
-- Restore: every record that must open, a share of them for each process.
SELECT r.*, b.plan FROM vault.record r JOIN vault.batch b USING (batch_id)
 WHERE r.batch_id % :shares = :share AND (:sample = 0 OR hashtext(r.record_id::text) % :sample = 0)
   AND r.cohort_id NOT IN (SELECT t.key_id FROM destruction.target t JOIN destruction.job j USING (job_id)
                            WHERE t.ring = 'cohort' AND j.state IN ('approved', 'keys_destroyed', 'rows_removed', 'verified'))
   AND r.subject_id NOT IN (SELECT t.key_id FROM destruction.target t JOIN destruction.job j USING (job_id)
                             WHERE t.ring = 'subject' AND j.state IN ('approved', 'keys_destroyed', 'rows_removed', 'verified'));

-- surviving_quarantine --
-- Restore: likewise quarantined rows.
SELECT q.* FROM quality.quarantine q
 WHERE q.batch_id % :shares = :share
   AND q.cohort_id NOT IN (SELECT t.key_id FROM destruction.target t JOIN destruction.job j USING (job_id)
                            WHERE t.ring = 'cohort' AND j.state IN ('approved', 'keys_destroyed', 'rows_removed', 'verified'))
   AND q.holder_id NOT IN (SELECT t.key_id FROM destruction.target t JOIN destruction.job j USING (job_id)
                            WHERE t.ring = 'subject' AND j.state IN ('approved', 'keys_destroyed', 'rows_removed', 'verified'));

-- analyze_restored --
-- Restore: tell the planner what is to be opened.
ANALYZE vault.record, vault.batch, quality.quarantine, destruction.target, destruction.job;

-- analyze_everything --
-- Restore: tell the planner about all tables; a dump brings no statistics along.
ANALYZE;

-- retiring_generations --
-- Restore: root generations that nothing hangs on, but for those that a destruction under way is to destroy.
SELECT generation, kms_key FROM keyring.generation g
 WHERE state = 'retiring'
   AND NOT EXISTS (SELECT FROM destruction.job j WHERE j.old_generation = g.generation
                    AND j.state IN ('approved', 'keys_destroyed', 'rows_removed', 'verified'));

-- end_job --
-- Restore: a destruction that the journal says was refused or blocked.
UPDATE destruction.job SET state = CAST(:state AS destruction.state) WHERE job_id = :job_id AND state = 'applied';

-- doomed_records --
-- Drill: restored records whose key is destroyed, before they are removed.
SELECT record_id, subject_id, cohort_id, schema_version, part_1, part_2, part_3, part_4, part_5 FROM vault.record
 WHERE cohort_id = ANY(CAST(:cohorts AS integer[])) OR subject_id = ANY(CAST(:subjects AS bigint[]))
 ORDER BY record_id LIMIT :count;

-- plain_log --
-- Drill: whatever goes to the write-ahead log can be read there.
ALTER SYSTEM SET wal_compression = off;

-- reload_settings --
-- Drill: from now on.
SELECT pg_reload_conf();

-- codes_of_records --
-- Drill: whose some records are.
SELECT DISTINCT s.code FROM vault.record r JOIN vault.subject s USING (subject_id) WHERE r.record_id = ANY(:records);

-- count_restored --
-- Drill: what there is after a restore.
SELECT (SELECT count(*) FROM vault.record) AS records, (SELECT count(*) FROM vault.subject) AS subjects,
       (SELECT count(*) FROM vault.blind_index) AS indexes;
