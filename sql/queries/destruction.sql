-- open_job --
-- The destruction that is under way, if any.
SELECT * FROM destruction.job WHERE state NOT IN ('confirmed', 'blocked', 'failed');

-- job --
-- One destruction.
SELECT * FROM destruction.job WHERE job_id = :job_id;

-- due_cohorts --
-- Cohorts that are past their retention.
SELECT cohort_id, retention_class, expires_on FROM keyring.cohort
 WHERE expires_on <= :as_of AND destroyed_by IS NULL ORDER BY expires_on, cohort_id;

-- due_by_plan --
-- What lies in some cohorts: records by plan, level and cohort.
SELECT b.plan, r.level, r.cohort_id, count(*) AS records
  FROM vault.record r JOIN vault.batch b USING (batch_id)
 WHERE r.expires_on = ANY(:days) AND r.cohort_id = ANY(:cohorts)
 GROUP BY 1, 2, 3;

-- due_quarantine --
-- Quarantined rows in some cohorts, by plan and cohort.
SELECT b.plan, q.cohort_id, count(*) AS records
  FROM quality.quarantine q JOIN vault.batch b USING (batch_id)
 WHERE q.cohort_id = ANY(:cohorts)
 GROUP BY 1, 2;

-- due_record_ids --
-- Ids of everything in some cohorts, in order: what the manifest's root is over.
SELECT record_id FROM vault.record WHERE expires_on = ANY(:days) AND cohort_id = ANY(:cohorts)
UNION ALL
SELECT record_id FROM quality.quarantine WHERE cohort_id = ANY(:cohorts)
ORDER BY record_id;

-- count_held --
-- Records in some cohorts whose subject is under a legal hold.
SELECT count(*) FROM vault.record r
 WHERE r.expires_on = ANY(:days) AND r.cohort_id = ANY(:cohorts)
   AND EXISTS (SELECT FROM destruction.hold h WHERE h.subject_id = r.subject_id AND h.released_at IS NULL);

-- held_records --
-- Those records, sealed.
SELECT r.*, (SELECT max(h.review_on) FROM destruction.hold h
              WHERE h.subject_id = r.subject_id AND h.released_at IS NULL) AS review_on
  FROM vault.record r
 WHERE r.expires_on = ANY(:days) AND r.cohort_id = ANY(:cohorts)
   AND EXISTS (SELECT FROM destruction.hold h WHERE h.subject_id = r.subject_id AND h.released_at IS NULL);

-- move_record --
-- A held record, sealed again into another cohort.
UPDATE vault.record
   SET cohort_id = :cohort_id, expires_on = :expires_on, part_1 = :part_1, part_2 = :part_2, part_3 = :part_3,
       part_4 = :part_4, part_5 = :part_5
 WHERE record_id = :record_id AND expires_on = :old_expires_on;

-- move_subject --
-- A held subject lives on with its records.
UPDATE vault.subject SET expires_on = greatest(expires_on, :expires_on) WHERE subject_id = :subject_id;

-- move_subject_index --
-- So do the identifiers by which it is found.
UPDATE vault.blind_index SET expires_on = greatest(expires_on, :expires_on) WHERE subject_id = :subject_id;

-- insert_job --
-- A destruction is applied for.
INSERT INTO destruction.job (job_id, origin, as_of, state, manifest, manifest_hash, schedule_hash, applicant, executor,
                             steps, created_at)
VALUES (:job_id, :origin, :as_of, 'applied', CAST(:manifest AS jsonb), :manifest_hash, :schedule_hash, :applicant,
        :executor, CAST(:steps AS jsonb), :at);

-- reach_state --
-- A destruction reaches a state, once.
UPDATE destruction.job SET state = CAST(:state AS destruction.state), steps = steps || CAST(:steps AS jsonb)
 WHERE job_id = :job_id AND state = CAST(:before AS destruction.state);

-- note_step --
-- A destruction did a step within a state.
UPDATE destruction.job SET steps = steps || CAST(:steps AS jsonb) WHERE job_id = :job_id;

-- approve_job --
-- An approval covers it.
UPDATE destruction.job SET state = 'approved', approval_id = :approval_id, steps = steps || CAST(:steps AS jsonb)
 WHERE job_id = :job_id AND state = 'applied';

-- set_generations --
-- The root generations between which the keyring changes.
UPDATE destruction.job SET old_generation = :old_generation, new_generation = :new_generation WHERE job_id = :job_id;

-- confirm_job --
-- The certificate is signed.
UPDATE destruction.job SET state = 'confirmed', certificate = CAST(:certificate AS jsonb), verdict = :verdict,
       steps = steps || CAST(:steps AS jsonb)
 WHERE job_id = :job_id AND state = 'verified';

-- fail_job --
-- Verification did not pass.
UPDATE destruction.job SET state = 'failed', verdict = :verdict, steps = steps || CAST(:steps AS jsonb)
 WHERE job_id = :job_id AND state = CAST(:before AS destruction.state);

-- insert_approval --
-- A leader's standing approval.
INSERT INTO destruction.standing_approval (approval_id, schedule_hash, approved_by, approved_at, valid_until, signature)
VALUES (:approval_id, :schedule_hash, :approved_by, :approved_at, :valid_until, :signature)
ON CONFLICT DO NOTHING;

-- take_samples --
-- Keep some ciphertext of what is destroyed, to show later that it no longer opens.
INSERT INTO destruction.sample (job_id, record_id, subject_id, cohort_id, schema_version, part, sealed)
SELECT :job_id, record_id, subject_id, cohort_id, schema_version, part, sealed FROM (
  (SELECT record_id, subject_id, cohort_id, schema_version, coalesce(
            CASE WHEN part_4 IS NOT NULL THEN 4 END, CASE WHEN part_3 IS NOT NULL THEN 3 END,
            CASE WHEN part_2 IS NOT NULL THEN 2 END, CASE WHEN part_5 IS NOT NULL THEN 5 END, 1)::smallint AS part,
          coalesce(part_4, part_3, part_2, part_5, part_1) AS sealed
     FROM vault.record WHERE expires_on = ANY(:days) AND cohort_id = ANY(:cohorts) LIMIT :count)
  UNION ALL
  (SELECT record_id, holder_id, cohort_id, schema_version, 5::smallint, sealed
     FROM quality.quarantine WHERE cohort_id = ANY(:cohorts) LIMIT :count)
) AS taken
WHERE sealed IS NOT NULL
ON CONFLICT DO NOTHING;

-- samples --
-- The ciphertext that was kept.
SELECT record_id, subject_id, cohort_id, schema_version, part, sealed FROM destruction.sample WHERE job_id = :job_id;

-- drop_samples --
-- It is not needed any more.
DELETE FROM destruction.sample WHERE job_id = :job_id;

-- cohorts_destroyed --
-- Their keys are blank.
UPDATE keyring.cohort SET destroyed_by = :job_id WHERE cohort_id = ANY(:cohorts) AND destroyed_by IS NULL;

-- delete_records --
-- The sealed rows of some cohorts.
DELETE FROM vault.record WHERE expires_on = ANY(:days) AND cohort_id = ANY(:cohorts);

-- delete_quarantine --
-- The quarantined rows of some cohorts.
DELETE FROM quality.quarantine WHERE cohort_id = ANY(:cohorts);

-- delete_indexes --
-- Blind indexes that no remaining record supports. A record that came in late, for a day already past, keeps its own.
DELETE FROM vault.blind_index
 WHERE expires_on <= :as_of AND subject_id NOT IN (SELECT subject_id FROM vault.record WHERE expires_on <= :as_of);

-- delete_subjects --
-- Subjects without a remaining record; likewise.
DELETE FROM vault.subject
 WHERE expires_on <= :as_of AND subject_id NOT IN (SELECT subject_id FROM vault.record WHERE expires_on <= :as_of);

-- drop_partition --
-- An empty month that is past.
SELECT vault.drop_empty_partition(:month, :as_of);

-- count_records --
-- Verification: rows that should be gone.
SELECT (SELECT count(*) FROM vault.record WHERE cohort_id = ANY(:cohorts))
     + (SELECT count(*) FROM quality.quarantine WHERE cohort_id = ANY(:cohorts)) AS found;

-- count_indexes --
-- Verification: blind indexes that should be gone.
SELECT count(*) FROM vault.blind_index b
 WHERE b.expires_on <= :as_of
   AND NOT EXISTS (SELECT FROM vault.record r WHERE r.subject_id = b.subject_id AND r.expires_on <= :as_of);

-- count_pages_of_generation --
-- Verification: pages that still hang on a root generation.
SELECT count(*) FROM keyring.page WHERE generation = :generation;

-- insert_hold --
-- A legal hold begins.
INSERT INTO destruction.hold (hold_id, subject_id, reason, owner, review_on, added_at)
VALUES (:hold_id, :subject_id, :reason, :owner, :review_on, :at);

-- release_hold --
-- A legal hold ends.
UPDATE destruction.hold SET released_at = :at, released_by = :by WHERE hold_id = :hold_id AND released_at IS NULL;

-- failed_job --
-- A destruction whose verification did not pass.
SELECT * FROM destruction.job WHERE state = 'failed' ORDER BY created_at LIMIT 1;

-- certified --
-- The destructions that have a certificate, oldest first.
SELECT job_id FROM destruction.job WHERE certificate IS NOT NULL ORDER BY created_at;

-- certificates --
-- All certificates, oldest first.
SELECT certificate FROM destruction.job WHERE certificate IS NOT NULL ORDER BY created_at;
