-- lock_destruction --
-- One purge at a time: true for the one that got the turn, until its transaction ends.
SELECT pg_try_advisory_xact_lock(7310843);

-- open_job --
-- The destruction that is under way, if any. The nightly one waits for nobody after it was applied for.
SELECT * FROM destruction.job
 WHERE state IN ('approved', 'keys_destroyed', 'rows_removed', 'verified') OR (state = 'applied' AND origin = 'expiry')
 ORDER BY state DESC LIMIT 1;

-- decided_jobs --
-- Destructions on request that a leader has decided about, and that wait for it to be done.
SELECT j.*, a.decision FROM destruction.job j JOIN destruction.approval a USING (job_id)
 WHERE j.state = 'applied' AND j.origin <> 'expiry' ORDER BY a.decided_at;

-- jobs --
-- All destructions, newest first, with what a leader decided.
SELECT j.job_id, j.origin, j.state::text AS state, j.as_of, j.applicant, j.request_id, j.verdict, j.created_at,
       j.manifest_hash, (j.manifest ->> 'records')::bigint AS records, j.manifest -> 'by_plan' AS by_plan,
       coalesce((j.manifest ->> 'subjects')::bigint, 0) AS subjects, a.decision, a.approver, a.door, a.decided_at
  FROM destruction.job j LEFT JOIN destruction.approval a USING (job_id)
 ORDER BY j.created_at DESC, j.job_id;

-- job --
-- One destruction.
SELECT * FROM destruction.job WHERE job_id = :job_id;

-- due_cohorts --
-- Cohorts that are past their retention, and those in which nothing lies any more. What is to be restricted or looked at
-- on its day is not due: it is settled first.
SELECT cohort_id, retention_class, expires_on FROM keyring.cohort
 WHERE destroyed_by IS NULL AND ((expires_on <= :as_of AND action = 'destroy') OR spent) ORDER BY expires_on, cohort_id;

-- make_listed --
-- What a destruction is about: filled by one of the list_ statements, read by the listed_ ones. Level 0: quarantined.
CREATE TEMPORARY TABLE listed (record_id uuid, expires_on date, cohort_id integer, subject_id bigint, batch_id bigint,
                               level smallint) ON COMMIT DROP;

-- list_expired --
-- Everything in some cohorts.
INSERT INTO listed
SELECT record_id, expires_on, cohort_id, subject_id, batch_id, level
  FROM vault.record WHERE expires_on = ANY(:days) AND cohort_id = ANY(:cohorts)
UNION ALL
SELECT record_id, expires_on, cohort_id, holder_id, batch_id, 0
  FROM quality.quarantine WHERE cohort_id = ANY(:cohorts);

-- make_aimed --
-- The slots of the subject ring that a destruction is to blank, with statistics, so that joins are planned well.
CREATE TEMPORARY TABLE aimed (subject_id bigint PRIMARY KEY) ON COMMIT DROP;

-- aim_at_wanted --
-- The subjects of a request that no hold protects and no other destruction has on its list.
INSERT INTO aimed
SELECT w.subject_id FROM destruction.wanted w
 WHERE w.request_id = :request_id AND w.settled_by IS NULL
   AND NOT EXISTS (SELECT FROM destruction.target t JOIN destruction.job j USING (job_id)
                    WHERE t.ring = 'subject' AND t.key_id = w.subject_id AND j.state NOT IN ('blocked', 'rejected'));

-- aim_at_targets --
-- The subjects of a destruction.
INSERT INTO aimed SELECT key_id FROM destruction.target WHERE job_id = :job_id AND ring = 'subject';

-- aim_at_request --
-- The subjects that a steward's selection touches.
INSERT INTO aimed SELECT subject_id FROM destruction.wanted WHERE request_id = :request_id;

-- spare_held_from_aimed --
-- Subjects under a legal hold are not aimed at, nor those with a record of a plan under one.
DELETE FROM aimed a
 WHERE EXISTS (SELECT FROM destruction.hold h WHERE h.subject_id = a.subject_id AND h.released_at IS NULL)
    OR EXISTS (SELECT FROM destruction.hold h JOIN vault.batch b ON b.plan = h.plan
                 JOIN vault.record r ON r.subject_id = a.subject_id AND r.batch_id = b.batch_id
                WHERE h.released_at IS NULL);

-- quarantined_elsewhere --
-- Whether some quarantined rows lie under slots that are not aimed at.
SELECT EXISTS (SELECT FROM quality.quarantine q
                WHERE q.record_id = ANY(CAST(:ids AS uuid[]))
                  AND NOT EXISTS (SELECT FROM aimed a WHERE a.subject_id = q.holder_id));

-- aimed --
-- The slots aimed at, in order.
SELECT subject_id FROM aimed ORDER BY subject_id;

-- analyze_aimed --
-- Tell the planner how many.
ANALYZE aimed;

-- list_aimed --
-- Everything of some subjects.
INSERT INTO listed
SELECT r.record_id, r.expires_on, r.cohort_id, r.subject_id, r.batch_id, r.level
  FROM aimed JOIN vault.record r USING (subject_id)
UNION ALL
SELECT q.record_id, q.expires_on, q.cohort_id, q.holder_id, q.batch_id, 0
  FROM aimed JOIN quality.quarantine q ON q.holder_id = aimed.subject_id;

-- list_selected --
-- Records of one plan collected up to a day that neither a hold nor the law keeps.
INSERT INTO listed
SELECT r.record_id, r.expires_on, r.cohort_id, r.subject_id, r.batch_id, r.level
  FROM vault.record r JOIN vault.batch b USING (batch_id) JOIN keyring.cohort c USING (cohort_id)
 WHERE b.plan = :plan AND r.collected_on <= :collected_until AND NOT c.restricted
   AND NOT EXISTS (SELECT FROM destruction.hold h WHERE h.subject_id = r.subject_id AND h.released_at IS NULL)
   AND NOT EXISTS (SELECT FROM destruction.hold h WHERE h.plan = b.plan AND h.released_at IS NULL);

-- listed_by_plan --
-- What is listed: records by plan, level and cohort. Counted before it is joined.
SELECT b.plan, l.level, l.cohort_id, c.retention_class, c.expires_on, CAST(sum(l.records) AS bigint) AS records
  FROM (SELECT batch_id, level, cohort_id, count(*) AS records FROM listed GROUP BY 1, 2, 3) l
  JOIN vault.batch b USING (batch_id) JOIN keyring.cohort c USING (cohort_id)
 GROUP BY 1, 2, 3, 4, 5;

-- listed_record_ids --
-- Ids of what is listed, in order, joined: what the manifest's root is over. One value: a row each costs more than its hash.
SELECT string_agg(uuid_send(record_id), '' ORDER BY record_id) FROM listed;

-- listed_digest --
-- The SHA-256 over those ids, to tell without fetching them whether the same is listed again.
SELECT encode(sha256(coalesce(string_agg(uuid_send(record_id), '' ORDER BY record_id), '')), 'hex') FROM listed;

-- listed_cohorts --
-- The cohorts that what is listed lies in.
SELECT DISTINCT cohort_id, expires_on FROM listed ORDER BY cohort_id;

-- listed_held --
-- How much of what is listed a legal hold protects: of its subject, or of its plan, quarantined rows included.
SELECT count(*) FROM listed l
 WHERE EXISTS (SELECT FROM destruction.hold WHERE released_at IS NULL)
   AND ((l.level > 0 AND l.subject_id IN (SELECT h.subject_id FROM destruction.hold h
                                           WHERE h.released_at IS NULL AND h.subject_id IS NOT NULL))
        OR l.batch_id IN (SELECT b.batch_id FROM destruction.hold h JOIN vault.batch b ON b.plan = h.plan
                           WHERE h.released_at IS NULL));

-- spare_unlisted --
-- A steward's selection: what else lies in its cohorts is sealed again into fresh ones of the same class and day.
INSERT INTO moving (record_id, old_expires_on, cohort_id, expires_on)
SELECT r.record_id, r.expires_on, f.fresh_id, r.expires_on
  FROM vault.record r
  JOIN unnest(CAST(:cohorts AS integer[]), CAST(:fresh AS integer[])) AS f(cohort_id, fresh_id) USING (cohort_id)
 WHERE r.expires_on = ANY(:days)
   AND NOT EXISTS (SELECT FROM listed l WHERE l.record_id = r.record_id);

-- insert_job --
-- A destruction is applied for.
INSERT INTO destruction.job (job_id, origin, as_of, state, manifest, manifest_hash, schedule_hash, applicant, executor,
                             request_id, steps, created_at)
VALUES (:job_id, :origin, :as_of, 'applied', CAST(:manifest AS jsonb), :manifest_hash, :schedule_hash, :applicant,
        :executor, :request_id, CAST(:steps AS jsonb), :at);

-- copy_targets --
-- The keys that a destruction is to blank.
COPY destruction.target (job_id, ring, key_id) FROM STDIN (FORMAT binary)

-- targets --
-- The keys of one ring that a destruction is to blank, in order.
SELECT key_id FROM destruction.target WHERE job_id = :job_id AND ring = :ring ORDER BY key_id;

-- insert_request --
-- A person asks, or a steward finds.
INSERT INTO destruction.request (request_id, origin, applicant, reason, selection, created_at)
VALUES (:request_id, :origin, :applicant, :reason, CAST(:selection AS jsonb), :at);

-- request --
-- One request.
SELECT * FROM destruction.request WHERE request_id = :request_id;

-- insert_wanted --
-- The subjects that a request names, by their codes; those that do not exist are left out.
INSERT INTO destruction.wanted (request_id, subject_id)
SELECT :request_id, subject_id FROM vault.subject WHERE code = ANY(:codes)
ON CONFLICT DO NOTHING;

-- want_listed --
-- The subjects that a steward's selection touches.
INSERT INTO destruction.wanted (request_id, subject_id)
SELECT DISTINCT :request_id, subject_id FROM listed
ON CONFLICT DO NOTHING;

-- waiting_requests --
-- Requests of which something is left that could be applied for: a hold was lifted, or a manifest no longer stood.
SELECT q.request_id, q.origin FROM destruction.request q
 WHERE q.settled_at IS NULL
   AND NOT EXISTS (SELECT FROM destruction.job j WHERE j.request_id = q.request_id
                    AND j.state NOT IN ('confirmed', 'blocked', 'rejected'))
 ORDER BY q.created_at;

-- settle_wanted --
-- The keys of these subjects are blank and it is certified.
UPDATE destruction.wanted w SET settled_by = :job_id
  FROM destruction.target t
 WHERE t.job_id = :job_id AND t.ring = 'subject' AND w.subject_id = t.key_id AND w.settled_by IS NULL;

-- settle_gone --
-- Subjects that another destruction took in the meantime are settled too.
UPDATE destruction.wanted w SET settled_by = 'gone'
 WHERE w.request_id = :request_id AND w.settled_by IS NULL
   AND NOT EXISTS (SELECT FROM vault.subject s WHERE s.subject_id = w.subject_id);

-- settle_request --
-- Nothing of it is left.
UPDATE destruction.request q SET settled_at = :at
 WHERE q.request_id = :request_id AND q.settled_at IS NULL
   AND NOT EXISTS (SELECT FROM destruction.wanted w WHERE w.request_id = q.request_id AND w.settled_by IS NULL);

-- close_request --
-- A leader refused it, or a steward's selection is done.
UPDATE destruction.request SET settled_at = :at WHERE request_id = :request_id AND settled_at IS NULL;

-- insert_decision --
-- A leader decides about one destruction; a decision that was made stands.
INSERT INTO destruction.approval (job_id, approval_id, decision, door, approver, role, manifest_hash, reason, signature,
                                  decided_at)
VALUES (:job_id, :approval_id, :decision, :door, :approver, :role, :manifest_hash, :reason, :signature, :at)
ON CONFLICT DO NOTHING;

-- decision --
-- What was decided about a destruction.
SELECT * FROM destruction.approval WHERE job_id = :job_id;

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
-- Keep some ciphertext of what is listed, to show later that it no longer opens.
INSERT INTO destruction.sample (job_id, record_id, subject_id, cohort_id, schema_version, part, sealed)
SELECT :job_id, record_id, subject_id, cohort_id, schema_version, part, sealed FROM (
  (SELECT r.record_id, r.subject_id, r.cohort_id, r.schema_version, coalesce(
            CASE WHEN part_4 IS NOT NULL THEN 4 END, CASE WHEN part_3 IS NOT NULL THEN 3 END,
            CASE WHEN part_2 IS NOT NULL THEN 2 END, CASE WHEN part_5 IS NOT NULL THEN 5 END, 1)::smallint AS part,
          coalesce(part_4, part_3, part_2, part_5, part_1) AS sealed
     FROM (SELECT record_id, expires_on FROM listed WHERE level > 0 LIMIT :count) l
     JOIN vault.record r ON r.record_id = l.record_id AND r.expires_on = l.expires_on)
  UNION ALL
  (SELECT q.record_id, q.holder_id, q.cohort_id, q.schema_version, 5::smallint, q.sealed
     FROM (SELECT record_id FROM listed WHERE level = 0 LIMIT :count) l
     JOIN quality.quarantine q ON q.record_id = l.record_id)
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

-- drop_due_partition --
-- A month in which nothing but these cohorts lies goes as a whole: how many records it had, or NULL.
SELECT vault.drop_due_partition(:month, CAST(:cohorts AS integer[]));

-- delete_quarantine --
-- The quarantined rows of some cohorts.
DELETE FROM quality.quarantine WHERE cohort_id = ANY(:cohorts);

-- delete_records_of_aimed --
-- The sealed rows of some subjects.
DELETE FROM vault.record r USING aimed a WHERE r.subject_id = a.subject_id;

-- delete_quarantine_of_aimed --
-- The quarantined rows under some slots.
DELETE FROM quality.quarantine q USING aimed a WHERE q.holder_id = a.subject_id;

-- delete_indexes_of_aimed --
-- The blind indexes of some subjects.
DELETE FROM vault.blind_index b USING aimed a WHERE b.subject_id = a.subject_id;

-- delete_subjects_of_aimed --
-- Those subjects.
DELETE FROM vault.subject s USING aimed a WHERE s.subject_id = a.subject_id;

-- drop_supported_from_aimed --
-- Of the subjects that a selection touched, those that another record supports stay.
DELETE FROM aimed a WHERE EXISTS (SELECT FROM vault.record r WHERE r.subject_id = a.subject_id);

-- delete_indexes --
-- Blind indexes that no remaining record supports. A record that came in late, for a day already past, keeps its own.
DELETE FROM vault.blind_index b
 WHERE b.expires_on <= :as_of
   AND NOT EXISTS (SELECT FROM vault.record r WHERE r.subject_id = b.subject_id AND r.expires_on <= :as_of);

-- delete_subjects --
-- Subjects without a remaining record; likewise.
DELETE FROM vault.subject s
 WHERE s.expires_on <= :as_of
   AND NOT EXISTS (SELECT FROM vault.record r WHERE r.subject_id = s.subject_id AND r.expires_on <= :as_of);

-- count_records --
-- Verification: rows that should be gone. A cohort's rows lie in the partition of its day and nowhere else, so those of
-- survivors are not read.
SELECT (SELECT count(*) FROM vault.record WHERE expires_on = ANY(:days) AND cohort_id = ANY(:cohorts))
     + (SELECT count(*) FROM quality.quarantine WHERE cohort_id = ANY(:cohorts)) AS found;

-- count_records_of_aimed --
-- Verification: rows of subjects that should be gone.
SELECT (SELECT count(*) FROM aimed a JOIN vault.record r USING (subject_id))
     + (SELECT count(*) FROM aimed a JOIN quality.quarantine q ON q.holder_id = a.subject_id) AS found;

-- count_indexes --
-- Verification: blind indexes that should be gone.
SELECT count(*) FROM vault.blind_index b
 WHERE b.expires_on <= :as_of
   AND NOT EXISTS (SELECT FROM vault.record r WHERE r.subject_id = b.subject_id AND r.expires_on <= :as_of);

-- count_indexes_of_aimed --
-- Verification: blind indexes of subjects that have no record any more. LIMIT keeps it a look-up for each index that is
-- found, which should be none.
SELECT count(*) FROM aimed a JOIN vault.blind_index b USING (subject_id)
  LEFT JOIN LATERAL (SELECT true AS here FROM vault.record r WHERE r.subject_id = a.subject_id LIMIT 1) AS l ON true
 WHERE l.here IS NULL;

-- count_pages_of_generation --
-- Verification: pages that still hang on a root generation.
SELECT count(*) FROM keyring.page WHERE generation = :generation;

-- failed_jobs --
-- The destructions whose verification did not pass, oldest first.
SELECT * FROM destruction.job WHERE state = 'failed' ORDER BY created_at;

-- certified --
-- The destructions that have a certificate, oldest first.
SELECT job_id FROM destruction.job WHERE certificate IS NOT NULL ORDER BY created_at;

-- certificates --
-- All certificates, oldest first.
SELECT certificate FROM destruction.job WHERE certificate IS NOT NULL ORDER BY created_at;

-- any_restricted --
-- Whether any record at all is restricted.
SELECT EXISTS (SELECT FROM keyring.cohort WHERE restricted AND destroyed_by IS NULL);

-- make_lawful --
-- Of the subjects aimed at, those of whom a law may keep records.
CREATE TEMPORARY TABLE lawful (subject_id bigint PRIMARY KEY) ON COMMIT DROP;

-- find_lawful --
-- Those with a record of a plan whose class a law makes last, or with a restricted one.
INSERT INTO lawful
SELECT DISTINCT a.subject_id
  FROM aimed a JOIN vault.record r USING (subject_id) JOIN vault.batch b USING (batch_id)
  JOIN keyring.cohort c USING (cohort_id)
 WHERE b.plan = ANY(:plans) OR c.restricted;

-- end_consent_of_lawful --
-- Who asks to be erased agrees to nothing any more; said once of each.
INSERT INTO destruction.event (event_id, subject_id, plan, kind, on_day, recorded_at, entry)
SELECT :event || '-n' || row_number() OVER (ORDER BY l.subject_id), l.subject_id, NULL, 'consent_end', :on_day, :at, :entry
  FROM lawful l
 WHERE NOT EXISTS (SELECT FROM destruction.event e
                    WHERE e.subject_id = l.subject_id AND e.plan IS NULL AND e.kind = 'consent_end');

-- facts_of_lawful --
-- All their records.
SELECT f.* FROM lawful l JOIN destruction.record_facts f USING (subject_id) ORDER BY f.record_id;

-- spare_restricted_from_aimed --
-- Whoever has a record that the law keeps is not aimed at: the key that it needs must stay.
DELETE FROM aimed a
 WHERE EXISTS (SELECT FROM lawful l JOIN vault.record r USING (subject_id) JOIN keyring.cohort c USING (cohort_id)
                WHERE l.subject_id = a.subject_id AND c.restricted);

-- all_samples --
-- Ciphertext that was kept of the destruction under way.
SELECT sealed FROM destruction.sample;

-- digests_of_samples --
-- The blind indexes of the subjects it was kept of.
SELECT DISTINCT b.digest FROM destruction.sample s JOIN vault.blind_index b USING (subject_id);

-- digests_standing --
-- Which of some blind indexes are there.
SELECT DISTINCT digest FROM vault.blind_index WHERE digest = ANY(CAST(:digests AS uuid[]));
