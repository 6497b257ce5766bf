-- quarantine_counts --
-- How many rows wait, by plan and state, and since when.
SELECT q.plan, q.state, count(*) AS rows, count(*) FILTER (WHERE q.due_at < :at) AS overdue,
       min(q.arrived_at) AS oldest, min(q.due_at) AS first_due
  FROM quality.quarantine q WHERE q.state <> 'rejected' GROUP BY 1, 2 ORDER BY 1, 2;

-- waiting_groups --
-- Quarantined rows by plan, state and the rules they broke, oldest first.
SELECT q.plan, q.state, q.failed, count(*) AS rows, count(*) FILTER (WHERE q.due_at < :at) AS overdue,
       min(q.arrived_at) AS oldest, min(q.due_at) AS due, min(q.expires_on) AS expires_on
  FROM quality.quarantine q
 WHERE q.state <> 'rejected' AND (CAST(:plan AS text) IS NULL OR q.plan = :plan)
 GROUP BY 1, 2, 3 ORDER BY oldest, rows DESC, 1, 2, 3;

-- rules_of_waiting --
-- Which rules the waiting rows of each plan broke, and how many each.
SELECT plan, rule, rows FROM quality.waiting WHERE rule <> '' AND rows > 0 ORDER BY plan, rows DESC, rule;

-- queue_count --
-- How many rows a view of the queue has.
SELECT count(*) FROM quality.quarantine q
 WHERE q.state = :state AND (CAST(:plan AS text) IS NULL OR q.plan = :plan)
   AND (CAST(:rule AS text) IS NULL OR q.failed @> ARRAY[CAST(:rule AS text)])
   AND (CAST(:batch AS bigint) IS NULL OR q.batch_id = :batch)
   AND (CAST(:due_before AS timestamptz) IS NULL OR q.due_at < :due_before);

-- preview_decision --
-- What a decision would be about: rows that a steward can decide about so, by plan and rule, the digest of exactly their
-- ids, and how many are left out because the steward brought them in or they broke what is never excused.
WITH chosen AS MATERIALIZED (
  SELECT q.record_id, q.plan, q.failed, q.entered_by = :steward AS own, q.failed @> ARRAY[CAST(:never AS text)] AS spared
    FROM quality.quarantine q
   WHERE q.state <> 'rejected' AND (CAST(:state AS text) IS NULL OR q.state = :state)
     AND (CAST(:ids AS uuid[]) IS NULL OR q.record_id = ANY (CAST(:ids AS uuid[])))
     AND (CAST(:plan AS text) IS NULL OR q.plan = :plan)
     AND (CAST(:rule AS text) IS NULL OR q.failed @> ARRAY[CAST(:rule AS text)])
     AND (CAST(:batch AS bigint) IS NULL OR q.batch_id = :batch)
     AND (CAST(:due_before AS timestamptz) IS NULL OR q.due_at < :due_before)
   ORDER BY q.due_at, q.record_id LIMIT :limit
), ready AS MATERIALIZED (
  SELECT record_id, plan, failed FROM chosen WHERE NOT own AND NOT spared
), counted AS MATERIALIZED (
  SELECT plan, failed, count(*) AS rows FROM ready GROUP BY 1, 2
)
SELECT (SELECT count(*) FROM ready) AS rows, (SELECT count(*) FROM chosen WHERE own) AS own,
       (SELECT count(*) FROM chosen WHERE spared AND NOT own) AS spared,
       (SELECT encode(sha256(coalesce(string_agg(uuid_send(record_id), '' ORDER BY record_id), '')), 'hex') FROM ready) AS digest,
       (SELECT coalesce(jsonb_object_agg(p.plan, p.rows), '{}')
          FROM (SELECT plan, sum(rows) AS rows FROM counted GROUP BY 1) p) AS by_plan,
       (SELECT coalesce(jsonb_object_agg(r.rule, r.rows), '{}')
          FROM (SELECT rule, sum(rows) AS rows FROM counted, unnest(failed) rule GROUP BY 1) r) AS by_rule;

-- ready_rows --
-- The ids of those rows, in order.
WITH chosen AS MATERIALIZED (
  SELECT q.record_id, q.plan, q.failed, q.entered_by = :steward AS own, q.failed @> ARRAY[CAST(:never AS text)] AS spared
    FROM quality.quarantine q
   WHERE q.state <> 'rejected' AND (CAST(:state AS text) IS NULL OR q.state = :state)
     AND (CAST(:ids AS uuid[]) IS NULL OR q.record_id = ANY (CAST(:ids AS uuid[])))
     AND (CAST(:plan AS text) IS NULL OR q.plan = :plan)
     AND (CAST(:rule AS text) IS NULL OR q.failed @> ARRAY[CAST(:rule AS text)])
     AND (CAST(:batch AS bigint) IS NULL OR q.batch_id = :batch)
     AND (CAST(:due_before AS timestamptz) IS NULL OR q.due_at < :due_before)
   ORDER BY q.due_at, q.record_id LIMIT :limit
)
SELECT record_id FROM chosen WHERE NOT own AND NOT spared ORDER BY record_id;

-- queue_page --
-- A page of the queue, the most urgent first, behind a row that was shown.
SELECT q.record_id FROM quality.quarantine q
 WHERE q.state = :state AND (CAST(:plan AS text) IS NULL OR q.plan = :plan)
   AND (CAST(:rule AS text) IS NULL OR q.failed @> ARRAY[CAST(:rule AS text)])
   AND (CAST(:batch AS bigint) IS NULL OR q.batch_id = :batch)
   AND (CAST(:due_before AS timestamptz) IS NULL OR q.due_at < :due_before)
   AND (CAST(:after_id AS uuid) IS NULL
        OR (q.due_at, q.record_id) > (CAST(:after_due AS timestamptz), CAST(:after_id AS uuid)))
 ORDER BY q.due_at, q.record_id LIMIT :limit;

-- queue_page_newest --
-- Likewise, the latest first.
SELECT q.record_id FROM quality.quarantine q
 WHERE q.state = :state AND (CAST(:plan AS text) IS NULL OR q.plan = :plan)
   AND (CAST(:rule AS text) IS NULL OR q.failed @> ARRAY[CAST(:rule AS text)])
   AND (CAST(:batch AS bigint) IS NULL OR q.batch_id = :batch)
   AND (CAST(:due_before AS timestamptz) IS NULL OR q.due_at < :due_before)
   AND (CAST(:after_id AS uuid) IS NULL
        OR (q.due_at, q.record_id) < (CAST(:after_due AS timestamptz), CAST(:after_id AS uuid)))
 ORDER BY q.due_at DESC, q.record_id DESC LIMIT :limit;

-- quarantined_rows --
-- Some quarantined rows, sealed, with what is known about them.
SELECT q.record_id, q.batch_id, q.plan, q.failed, q.state, q.arrived_at, q.due_at, q.entered_by, q.expires_on,
       q.holder_id, q.cohort_id, q.schema_version, q.sealed, b.run, b.delivery_id, b.source
  FROM quality.quarantine q JOIN vault.batch b USING (batch_id)
 WHERE q.record_id = ANY(CAST(:ids AS uuid[])) ORDER BY q.record_id;

-- quarantined_facts --
-- The same without the rows themselves: for what counts.
SELECT q.record_id, q.batch_id, q.holder_id, q.plan, q.failed, q.state, q.entered_by
  FROM quality.quarantine q WHERE q.record_id = ANY(CAST(:ids AS uuid[])) ORDER BY q.record_id;

-- rows_under_destruction --
-- How many of some rows a destruction lists that is not done.
SELECT count(*) FROM quality.quarantine q
 WHERE q.record_id = ANY(CAST(:ids AS uuid[]))
   AND (q.cohort_id IN (SELECT t.key_id FROM destruction.target t JOIN destruction.job j USING (job_id)
                         WHERE t.ring = 'cohort' AND j.state IN ('applied', 'approved', 'keys_destroyed', 'rows_removed', 'verified'))
     OR q.holder_id IN (SELECT t.key_id FROM destruction.target t JOIN destruction.job j USING (job_id)
                         WHERE t.ring = 'subject' AND j.state IN ('applied', 'approved', 'keys_destroyed', 'rows_removed', 'verified')));

-- cohort_is_listed --
-- Whether a destruction that is not done lists a cohort: nothing may be added to it.
SELECT EXISTS (SELECT FROM destruction.target t JOIN destruction.job j USING (job_id)
                WHERE t.ring = 'cohort' AND t.key_id = :cohort
                  AND j.state IN ('applied', 'approved', 'keys_destroyed', 'rows_removed', 'verified'));

-- copy_decisions --
-- Decisions in.
COPY quality.decision (decision_id, record_id, batch_id, holder_id, plan, kind, rules, fields, reason, steward, entered_by, outcome,
                       new_batch, new_record, at) FROM STDIN (FORMAT binary)

-- passages_of_decided --
-- From which cohort quarantined rows pass to which, when they are stored. Ids of a steward's batch are neighbours.
INSERT INTO passages
SELECT q.cohort_id, r.cohort_id, min(r.expires_on)
  FROM quality.decision d JOIN quality.quarantine q USING (record_id)
  JOIN vault.record r ON r.record_id = d.new_record
 WHERE d.decision_id = :decision AND d.outcome = 'stored' AND r.record_id BETWEEN :first AND :last GROUP BY 1, 2;

-- former_holders --
-- The slots under which rows of the subjects aimed at were sealed before a steward decided to store them: backups have
-- them so. Blank ones are left out; ``others``: rows lie under them still.
WITH RECURSIVE earlier AS (
  SELECT d.record_id, d.holder_id
    FROM aimed a JOIN vault.record r USING (subject_id) JOIN quality.decision d ON d.new_record = r.record_id
  UNION
  SELECT d.record_id, d.holder_id
    FROM earlier e JOIN quality.decision d ON d.new_record = e.record_id AND d.outcome = 'quarantined'
)
SELECT e.holder_id, EXISTS (SELECT FROM quality.quarantine q WHERE q.holder_id = e.holder_id) AS others
  FROM (SELECT DISTINCT holder_id FROM earlier) e
 WHERE NOT EXISTS (SELECT FROM aimed a WHERE a.subject_id = e.holder_id)
   AND NOT EXISTS (SELECT FROM destruction.target t JOIN destruction.job j USING (job_id)
                    WHERE t.ring = 'subject' AND t.key_id = e.holder_id AND j.state NOT IN ('blocked', 'rejected'))
 ORDER BY e.holder_id;

-- remove_decided --
-- Rows that are in the vault now, or wait under another id.
DELETE FROM quality.quarantine WHERE record_id = ANY(CAST(:ids AS uuid[]));

-- set_state --
-- Rows go back to the department, or wait for the night.
UPDATE quality.quarantine SET state = :state WHERE record_id = ANY(CAST(:ids AS uuid[]));

-- earlier_rows --
-- Which rows some rows were before they were corrected in vain, back to their first.
WITH RECURSIVE earlier AS (
  SELECT d.new_record AS last, 1 AS steps, d.record_id, d.batch_id, d.rules
    FROM quality.decision d WHERE d.new_record = ANY(CAST(:ids AS uuid[])) AND d.outcome = 'quarantined'
  UNION ALL
  SELECT e.last, e.steps + 1, d.record_id, d.batch_id, d.rules
    FROM earlier e JOIN quality.decision d ON d.new_record = e.record_id AND d.outcome = 'quarantined'
)
SELECT last, steps, record_id, batch_id, rules FROM earlier ORDER BY last, steps;

-- decisions_about --
-- What was decided about some rows, oldest first.
SELECT decision_id, record_id, plan, kind, rules, fields, reason, steward, outcome, new_record, at
  FROM quality.decision WHERE record_id = ANY(CAST(:ids AS uuid[])) ORDER BY at, decision_id;

-- insert_reveal --
-- Somebody looks at a cell in clear.
INSERT INTO quality.reveal (reveal_id, record_id, plan, field, reason, steward, at)
VALUES (:reveal_id, :record_id, :plan, :field, :reason, :steward, :at);

-- reveals_of --
-- Who looked at cells of some rows, oldest first.
SELECT reveal_id, record_id, field, reason, steward, at
  FROM quality.reveal WHERE record_id = ANY(CAST(:ids AS uuid[])) ORDER BY at, reveal_id;

-- latest_decisions --
-- The newest decisions, each once with what came of its rows.
SELECT d.decision_id, d.plan, d.kind, d.outcome, d.steward, d.reason, d.at, count(*) AS rows
  FROM quality.decision d
 WHERE d.at >= (SELECT coalesce(min(n.at), '-infinity') FROM (SELECT at FROM quality.decision GROUP BY at ORDER BY at DESC LIMIT :limit) n)
 GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY d.at DESC, 1, 2, 4;

-- slip_rows --
-- The rows of a decision, for the return slip: where they stood in the delivery that they arrived with, what they broke.
WITH RECURSIVE earlier AS (
  SELECT d.record_id AS returned, 0 AS steps, d.record_id, d.batch_id
    FROM quality.decision d WHERE d.decision_id = :decision AND d.kind = 'returned'
  UNION ALL
  SELECT e.returned, e.steps + 1, d.record_id, d.batch_id
    FROM earlier e JOIN quality.decision d ON d.new_record = e.record_id AND d.outcome = 'quarantined'
), first AS (
  SELECT DISTINCT ON (returned) returned, record_id, batch_id FROM earlier ORDER BY returned, steps DESC
)
SELECT f.record_id, d.plan, d.rules, d.reason, d.steward, d.at, b.delivery_id, b.run, b.at AS arrived_at
  FROM first f JOIN quality.decision d ON d.decision_id = :decision AND d.record_id = f.returned
  JOIN vault.batch b ON b.batch_id = f.batch_id ORDER BY b.batch_id, f.record_id;
