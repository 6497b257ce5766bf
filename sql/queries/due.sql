-- due_by_cohort --
-- What would be destroyed on a day if nothing kept it: records and quarantined rows by plan, class and day.
SELECT l.plan, c.retention_class, c.expires_on, sum(l.records)::bigint AS records, sum(l.quarantined)::bigint AS quarantined
  FROM keyring.cohort c JOIN destruction.lying l USING (cohort_id)
 WHERE c.destroyed_by IS NULL AND ((c.expires_on <= :as_of AND c.action = 'destroy') OR c.spent)
   AND (l.records > 0 OR l.quarantined > 0)
 GROUP BY 1, 2, 3 ORDER BY 3, 1, 2;

-- due_in_days --
-- What comes due on each of the days after that.
SELECT c.expires_on, sum(l.records + l.quarantined)::bigint AS records
  FROM keyring.cohort c JOIN destruction.lying l USING (cohort_id)
 WHERE c.destroyed_by IS NULL AND c.expires_on > :as_of AND c.expires_on <= :until AND c.action = 'destroy'
 GROUP BY 1 ORDER BY 1;

-- settled_by_cohort --
-- What is not destroyed on its day but settled: restricted because a law keeps it, or looked at again.
SELECT l.plan, c.retention_class, c.action, sum(l.records)::bigint AS records
  FROM keyring.cohort c JOIN destruction.lying l USING (cohort_id)
 WHERE c.destroyed_by IS NULL AND c.expires_on <= :as_of AND c.action <> 'destroy' AND NOT c.spent AND l.records > 0
 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- restricted_by_cohort --
-- What may only be stored and secured: because a law or a legal hold keeps it past its day.
SELECT l.plan, c.retention_class, min(c.expires_on) AS first, max(c.expires_on) AS last, sum(l.records)::bigint AS records,
       sum(l.quarantined)::bigint AS quarantined
  FROM keyring.cohort c JOIN destruction.lying l USING (cohort_id)
 WHERE c.destroyed_by IS NULL AND c.restricted AND (l.records > 0 OR l.quarantined > 0)
 GROUP BY 1, 2 ORDER BY 2, 1;

-- held_tonight --
-- How much of what is due on a day a hold of one subject keeps. The partitions of later days are not read.
SELECT h.hold_id, b.plan, count(*) AS records
  FROM destruction.hold h JOIN vault.record r ON r.subject_id = h.subject_id AND r.expires_on <= :as_of
  JOIN keyring.cohort c USING (cohort_id) JOIN vault.batch b USING (batch_id)
 WHERE h.released_at IS NULL AND h.subject_id IS NOT NULL AND c.destroyed_by IS NULL AND c.action = 'destroy'
   AND c.expires_on <= :as_of
 GROUP BY 1, 2;

-- destructions --
-- A page of destructions, newest first.
SELECT j.job_id, j.origin, j.state::text AS state, j.as_of, j.applicant, j.request_id, j.verdict, j.created_at,
       (j.manifest ->> 'records')::bigint AS records, coalesce((j.manifest ->> 'subjects')::bigint, 0) AS subjects,
       j.manifest -> 'by_plan' AS by_plan, a.decision, a.approver, a.door, j.certificate IS NOT NULL AS certified
  FROM destruction.job j LEFT JOIN destruction.approval a USING (job_id)
 WHERE (CAST(:state AS text) IS NULL OR j.state::text = :state)
   AND (CAST(:before AS timestamptz) IS NULL OR (j.created_at, j.job_id) < (:before, :job_id))
 ORDER BY j.created_at DESC, j.job_id DESC LIMIT :count;

-- destructions_by_state --
-- How many destructions there are of each state, and the newest of each.
SELECT state::text AS state, count(*) AS jobs, max(created_at) AS newest FROM destruction.job GROUP BY 1;

-- destroyed_by_day --
-- Records that were destroyed, by the day that they were destroyed for.
SELECT as_of, sum((manifest ->> 'records')::bigint)::bigint AS records
  FROM destruction.job WHERE state = 'confirmed' AND created_at >= :since GROUP BY 1 ORDER BY 1;

-- undecided_jobs --
-- Destructions on request that wait for a leader, oldest first.
SELECT * FROM destruction.job j
 WHERE j.state = 'applied' AND j.origin <> 'expiry'
   AND NOT EXISTS (SELECT FROM destruction.approval a WHERE a.job_id = j.job_id)
 ORDER BY j.created_at LIMIT :count;
