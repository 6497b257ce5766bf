-- insert_score --
-- What one expectation counted in one batch.
INSERT INTO quality.score (batch_id, expectation, field, dimension, severity, evaluated, failed)
VALUES (:batch_id, :expectation, :field, :dimension, :severity, :evaluated, :failed);

-- insert_document --
-- The Great Expectations result of a batch, without values.
INSERT INTO quality.document (batch_id, result) VALUES (:batch_id, CAST(:result AS jsonb));

-- copy_quarantine --
-- Quarantined rows in, sealed.
COPY quality.quarantine (record_id, batch_id, holder_id, cohort_id, expires_on, schema_version, failed, sealed,
                         arrived_at) FROM STDIN (FORMAT binary)

-- scores --
-- Scores of every expectation over all batches of each plan.
SELECT b.plan, s.expectation, s.field, s.dimension, s.severity, sum(s.evaluated)::bigint AS evaluated,
       sum(s.failed)::bigint AS failed, count(*) AS batches
  FROM quality.score s JOIN vault.batch b USING (batch_id)
 WHERE CAST(:run AS text) IS NULL OR b.run = :run
 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2;

-- documents --
-- Results of all batches of each plan's last run, for Data Docs.
SELECT b.plan, d.result
  FROM quality.document d JOIN vault.batch b USING (batch_id)
 WHERE b.run = (SELECT l.run FROM vault.batch l WHERE l.plan = b.plan ORDER BY l.batch_id DESC LIMIT 1)
 ORDER BY b.plan, b.batch_id;

-- totals --
-- What became of all rows of each plan.
SELECT b.plan, sum(b.arrived)::bigint AS arrived, sum(b.stored)::bigint AS stored,
       sum((SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(b.refused)))::bigint AS refused,
       sum((SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(b.quarantined)))::bigint AS quarantined
  FROM vault.batch b
 WHERE CAST(:run AS text) IS NULL OR b.run = :run
 GROUP BY b.plan ORDER BY b.plan;

-- waiting --
-- Quarantined rows by plan and failed expectations.
SELECT b.plan, q.failed, count(*) AS rows, min(q.arrived_at) AS oldest, min(q.expires_on) AS expires_on
  FROM quality.quarantine q JOIN vault.batch b USING (batch_id)
 WHERE CAST(:plan AS text) IS NULL OR b.plan = :plan
 GROUP BY 1, 2 ORDER BY oldest, rows DESC;
