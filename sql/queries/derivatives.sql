-- insert_derivative --
-- A copy is registered; what is registered at this place already is left as it is.
INSERT INTO destruction.derivative (derivative_id, kind, place, made_by, made_at, expires_on, kms_key, plans, subjects,
                                    quantity, recipient, keeper, state)
VALUES (:derivative_id, CAST(:kind AS destruction.derivative_kind), :place, :made_by, :at, :expires_on, :kms_key, :plans,
        :subjects, :quantity, :recipient, :keeper, :state)
ON CONFLICT (kind, place) WHERE state = 'present' AND keeper IS NULL DO NOTHING
RETURNING number;

-- derivative_at --
-- What is registered at a place within reach.
SELECT derivative_id, number, made_at FROM destruction.derivative
 WHERE kind = CAST(:kind AS destruction.derivative_kind) AND place = :place AND state = 'present' AND keeper IS NULL;

-- derivative --
-- One copy.
SELECT * FROM destruction.derivative WHERE derivative_id = :derivative_id;

-- derivatives --
-- The register, what is still there first, then by the day on which it is due.
SELECT * FROM destruction.derivative
 WHERE CAST(:everything AS boolean) OR state <> 'destroyed'
 ORDER BY state = 'destroyed', expires_on NULLS LAST, number;

-- present_of_kind --
-- What of one kind is within reach.
SELECT derivative_id, number, place, made_by, made_at, expires_on FROM destruction.derivative
 WHERE kind = CAST(:kind AS destruction.derivative_kind) AND state = 'present' AND keeper IS NULL ORDER BY number;

-- copy_covered --
-- Whose information a copy holds.
COPY destruction.derivative_subject (subject_id, number) FROM STDIN (FORMAT binary)

-- derivative_destroyed --
-- Copies are gone.
UPDATE destruction.derivative SET state = 'destroyed', destroyed_at = :at, destroyed_by = :by
 WHERE number = ANY(:numbers) AND state <> 'destroyed';

-- place_destroyed --
-- What was at a place is gone.
UPDATE destruction.derivative SET state = 'destroyed', destroyed_at = :at, destroyed_by = :by
 WHERE kind = CAST(:kind AS destruction.derivative_kind) AND place = ANY(:places) AND state = 'present' AND keeper IS NULL;

-- forget_coverage --
-- Whose information a copy held is nobody's business once it is gone.
DELETE FROM destruction.derivative_subject WHERE number = ANY(:numbers);

-- expired_derivatives --
-- Copies whose time is up.
SELECT * FROM destruction.derivative WHERE state <> 'destroyed' AND expires_on <= :as_of ORDER BY number;

-- people_are_covered --
-- Whether there is any copy outside the database that holds somebody's information.
SELECT EXISTS (SELECT FROM destruction.derivative
                WHERE state <> 'destroyed' AND kind IN ('release', 'export', 'shared_copy', 'paper'));

-- make_gone --
-- The subjects of whom nothing is left after a destruction.
CREATE TEMPORARY TABLE IF NOT EXISTS gone (subject_id bigint PRIMARY KEY, code text) ON COMMIT DROP;

-- gone_by_target --
-- Those whose own keys it destroys.
INSERT INTO gone
SELECT s.subject_id, s.code FROM destruction.target t JOIN vault.subject s ON s.subject_id = t.key_id
 WHERE t.job_id = :job_id AND t.ring = 'subject'
ON CONFLICT DO NOTHING;

-- gone_by_expiry --
-- Those whose last day is past and of whom no record lies outside its cohorts.
INSERT INTO gone
SELECT s.subject_id, s.code FROM vault.subject s
 WHERE s.expires_on <= :as_of
   AND s.subject_id NOT IN (SELECT r.subject_id FROM vault.record r
                             WHERE r.expires_on <= :as_of AND r.cohort_id <> ALL (:cohorts))
ON CONFLICT DO NOTHING;

-- gone_by_selection --
-- Those who have records in its cohorts and none outside.
INSERT INTO gone
SELECT s.subject_id, s.code FROM vault.subject s
  JOIN (SELECT DISTINCT r.subject_id FROM vault.record r WHERE r.cohort_id = ANY (:cohorts)) AS hit USING (subject_id)
 WHERE NOT EXISTS (SELECT FROM vault.record o WHERE o.subject_id = s.subject_id AND o.cohort_id <> ALL (:cohorts))
ON CONFLICT DO NOTHING;

-- analyze_gone --
-- How many they are decides how they are joined.
ANALYZE gone (subject_id);

-- plans_covered_whole --
-- The plans of copies whose subjects are not listed.
SELECT DISTINCT p.plan FROM destruction.derivative d CROSS JOIN LATERAL unnest(d.plans) AS p (plan)
 WHERE d.state <> 'destroyed' AND d.subjects = 0 AND d.kind IN ('release', 'export', 'shared_copy', 'paper');

-- make_gone_plan --
-- Under which of those plans there were records of them.
CREATE TEMPORARY TABLE IF NOT EXISTS gone_plan (plan text, subject_id bigint, PRIMARY KEY (plan, subject_id))
  ON COMMIT DROP;

-- fill_gone_plan --
-- From the records that are about to be removed.
INSERT INTO gone_plan
SELECT DISTINCT b.plan, r.subject_id
  FROM gone g JOIN vault.record r USING (subject_id) JOIN vault.batch b USING (batch_id)
 WHERE b.plan = ANY (:plans)
ON CONFLICT DO NOTHING;

-- covering_derivatives --
-- Copies that hold information of those who are gone, and of how many others.
SELECT d.*, coalesce(l.covered, 0) AS listed,
       CASE WHEN l.covered IS NULL THEN 0
            ELSE (SELECT count(*) FROM destruction.derivative_subject o WHERE o.number = d.number) - l.covered END AS others
  FROM destruction.derivative d
  LEFT JOIN (SELECT c.number, count(*) AS covered FROM gone g JOIN destruction.derivative_subject c USING (subject_id)
              GROUP BY 1) AS l USING (number)
 WHERE d.state <> 'destroyed' AND d.kind IN ('release', 'export', 'shared_copy', 'paper')
   AND (l.covered IS NOT NULL
        OR d.subjects = 0 AND EXISTS (SELECT FROM gone_plan p WHERE p.plan = ANY (d.plans)))
 ORDER BY d.number;

-- codes_listed --
-- The codes of those who are gone and whom a copy lists, as one value: a row each costs more than all the rest.
SELECT array_agg(g.code ORDER BY g.code COLLATE "C")
  FROM gone g JOIN destruction.derivative_subject c USING (subject_id) WHERE c.number = :number;

-- codes_in_plans --
-- The codes of those who are gone and had records under some plans.
SELECT array_agg(g.code ORDER BY g.code COLLATE "C") FROM gone g
 WHERE EXISTS (SELECT FROM gone_plan p WHERE p.subject_id = g.subject_id AND p.plan = ANY (:plans));

-- forget_gone --
-- They are told of once.
DELETE FROM destruction.derivative_subject c USING gone g WHERE c.subject_id = g.subject_id;

-- subject_ids --
-- Subjects by their codes.
SELECT subject_id, code FROM vault.subject WHERE code = ANY (:codes);

-- insert_notice --
-- A recipient is to be told, once for each destruction.
INSERT INTO destruction.notice (notice_id, job_id, derivative_id, recipient, whole, subjects, raised_at, due_on, sha256,
                                document)
VALUES (:notice_id, :job_id, :derivative_id, :recipient, :whole, :subjects, :at, :due_on, :sha256, :document)
ON CONFLICT DO NOTHING;

-- notice_exists --
-- Whether a recipient has been told.
SELECT true FROM destruction.notice
 WHERE derivative_id = :derivative_id AND job_id IS NOT DISTINCT FROM CAST(:job_id AS text);

-- notice --
-- One notice.
SELECT n.*, d.number, d.place FROM destruction.notice n JOIN destruction.derivative d USING (derivative_id)
 WHERE n.notice_id = :notice_id;

-- notices --
-- Notices: overdue ones first, then open ones by their day, then those that were answered.
SELECT notice_id, job_id, derivative_id, recipient, whole, subjects, raised_at, due_on, acknowledged_at, acknowledged_by,
       outcome, evidence, document IS NOT NULL AS open, document IS NOT NULL AND due_on < :today AS overdue
  FROM destruction.notice
 ORDER BY overdue DESC, open DESC, due_on, notice_id;

-- acknowledge_notice --
-- A recipient answered; a refusal may be followed by another answer.
UPDATE destruction.notice
   SET acknowledged_at = :at, acknowledged_by = :by, outcome = :outcome, evidence = :evidence,
       document = CASE WHEN :outcome = 'refused' THEN document END
 WHERE notice_id = :notice_id AND (outcome IS NULL OR outcome = 'refused');

-- insert_work_order --
-- A keeper is to destroy, once for each destruction.
INSERT INTO destruction.work_order (order_id, job_id, derivative_id, keeper, whole, subjects, least_method, raised_at,
                                    due_on, sha256, document)
VALUES (:order_id, :job_id, :derivative_id, :keeper, :whole, :subjects, :least_method, :at, :due_on, :sha256, :document)
ON CONFLICT DO NOTHING;

-- work_order_exists --
-- Whether a keeper has been told.
SELECT true FROM destruction.work_order
 WHERE derivative_id = :derivative_id AND job_id IS NOT DISTINCT FROM CAST(:job_id AS text);

-- work_order --
-- One work order.
SELECT w.*, d.number, d.place, d.kind::text AS kind, d.quantity
  FROM destruction.work_order w JOIN destruction.derivative d USING (derivative_id) WHERE w.order_id = :order_id;

-- work_orders --
-- Work orders, in the order of notices.
SELECT w.order_id, w.job_id, w.derivative_id, d.kind::text AS kind, d.place, d.quantity, w.keeper, w.whole, w.subjects,
       w.least_method, w.raised_at, w.due_on, w.completed_at, w.method, w.executor, w.witnesses, w.photos,
       w.document IS NOT NULL AS open, w.document IS NOT NULL AND w.due_on < :today AS overdue
  FROM destruction.work_order w JOIN destruction.derivative d USING (derivative_id)
 ORDER BY overdue DESC, open DESC, w.due_on, w.order_id;

-- complete_work_order --
-- It is done.
UPDATE destruction.work_order
   SET completed_at = :at, method = :method, executor = :executor, witnesses = :witnesses, photos = :photos,
       document = NULL
 WHERE order_id = :order_id AND completed_at IS NULL;

-- open_letters --
-- Signed lists that somebody has yet to act on, for their files.
SELECT 'notices' AS folder, notice_id AS name FROM destruction.notice WHERE document IS NOT NULL
UNION ALL
SELECT 'work_orders', order_id FROM destruction.work_order WHERE document IS NOT NULL;

-- letter --
-- One signed list.
SELECT document FROM destruction.notice WHERE notice_id = :letter_id AND document IS NOT NULL
UNION ALL
SELECT document FROM destruction.work_order WHERE order_id = :letter_id AND document IS NOT NULL;

-- derived_of_job --
-- What a destruction came to, kind by kind: its own copies, backups made before, recipients, keepers.
WITH job AS (
  SELECT job_id, coalesce((steps #>> '{rows_removed,at}')::timestamptz, created_at) AS removed_at
    FROM destruction.job WHERE job_id = :job_id
)
SELECT d.kind::text AS kind, true AS destroyed, d.expires_on AS until
  FROM destruction.derivative d JOIN job j ON d.destroyed_by = j.job_id
UNION ALL
SELECT d.kind::text, false, d.expires_on
  FROM destruction.derivative d JOIN job j ON d.made_at <= j.removed_at
 WHERE d.kind = 'backup' AND d.state <> 'destroyed'
UNION ALL
SELECT d.kind::text, n.document IS NULL, NULL
  FROM destruction.notice n JOIN destruction.derivative d USING (derivative_id) JOIN job USING (job_id)
UNION ALL
SELECT d.kind::text, w.document IS NULL, NULL
  FROM destruction.work_order w JOIN destruction.derivative d USING (derivative_id) JOIN job USING (job_id);

-- notices_of_job --
-- Whom a destruction told.
SELECT recipient, due_on, document IS NULL AS acknowledged FROM destruction.notice WHERE job_id = :job_id
 ORDER BY notice_id;

-- work_orders_of_job --
-- Whom a destruction gave work.
SELECT d.kind::text AS kind, w.least_method, w.completed_at, w.witnesses, w.photos
  FROM destruction.work_order w JOIN destruction.derivative d USING (derivative_id) WHERE w.job_id = :job_id
 ORDER BY w.order_id;

-- unsampled --
-- Columns of which the planner may keep no statistics, and how many statistics there are on them.
SELECT columns, residue FROM tutela.count_unsampled();

-- is_requested --
-- Whether somebody asked for a destruction, naming subjects.
SELECT EXISTS (SELECT FROM destruction.target WHERE job_id = :job_id AND ring = 'subject');

-- digests_of_aimed --
-- The blind indexes of the subjects aimed at.
SELECT b.kind, b.digest FROM aimed JOIN vault.blind_index b USING (subject_id);

-- aim_at_slots --
-- Slots of quarantined rows are aimed at too.
INSERT INTO aimed SELECT unnest(CAST(:slots AS bigint[])) ON CONFLICT DO NOTHING;

-- quarantine_slots --
-- The slots under which quarantined rows lie.
SELECT DISTINCT holder_id, cohort_id FROM quality.quarantine;

-- quarantined_sealed --
-- All quarantined rows, sealed, with their plans.
SELECT q.record_id, q.holder_id, q.cohort_id, q.schema_version, q.sealed, b.plan
  FROM quality.quarantine q JOIN vault.batch b USING (batch_id);

-- make_set_apart --
-- Quarantined rows that are to go.
CREATE TEMPORARY TABLE set_apart (record_id uuid PRIMARY KEY) ON COMMIT DROP;

-- copy_set_apart --
-- Their ids in.
COPY set_apart (record_id) FROM STDIN (FORMAT binary)

-- holders_set_apart --
-- Their slots, and how many other rows lie under each.
SELECT q.holder_id, count(s.record_id) AS found, count(*) - count(s.record_id) AS others
  FROM quality.quarantine q LEFT JOIN set_apart s USING (record_id)
 WHERE q.holder_id IN (SELECT i.holder_id FROM quality.quarantine i JOIN set_apart USING (record_id))
 GROUP BY q.holder_id ORDER BY q.holder_id;

-- slots_of_holders --
-- The slots of the rows under some holders.
SELECT DISTINCT holder_id, cohort_id FROM quality.quarantine WHERE holder_id = ANY (:holders);

-- rows_beside --
-- The rows under some slots that stay.
SELECT q.record_id, q.holder_id, q.cohort_id, q.schema_version, q.sealed FROM quality.quarantine q
 WHERE q.holder_id = ANY (:holders) AND NOT EXISTS (SELECT FROM set_apart s WHERE s.record_id = q.record_id);

-- make_resealed --
-- Those rows, sealed again.
CREATE TEMPORARY TABLE resealed (record_id uuid, holder_id bigint, sealed bytea) ON COMMIT DROP;

-- copy_resealed --
-- Rows in.
COPY resealed (record_id, holder_id, sealed) FROM STDIN (FORMAT binary)

-- move_resealed --
-- Each lies under its new slot.
UPDATE quality.quarantine q SET holder_id = r.holder_id, sealed = r.sealed FROM resealed r WHERE q.record_id = r.record_id;

-- settle_files --
-- What is in memory goes to the files.
CHECKPOINT;

-- cluster_folder --
-- Where the server's files are.
SHOW data_directory;

-- vacuum_freed --
-- Give the space of removed rows free, and pages at the end of a table back.
VACUUM vault.record, vault.subject, vault.blind_index, quality.quarantine, keyring.page, destruction.sample,
       destruction.derivative_subject, destruction.notice, destruction.work_order;

-- rewrite_freed --
-- Write what is left into new files and drop the old ones; locks each table while it does. Partitions of months that
-- are past are dropped by the destruction itself.
VACUUM (FULL) vault.blind_index, quality.quarantine, keyring.page, destruction.sample;

-- leave_wal_segment --
-- A segment that is full is used again.
SELECT pg_switch_wal();

-- keep_no_statistics --
-- Have the planner sample no column that it may not.
SELECT tutela.keep_no_statistics();

-- forget_statistics --
-- Drop what it has sampled of them; for a superuser.
DELETE FROM pg_statistic s USING tutela.unsampled u JOIN pg_attribute a ON a.attrelid = u.relation AND a.attname = u.attribute
 WHERE s.starelid = a.attrelid AND s.staattnum = a.attnum;
