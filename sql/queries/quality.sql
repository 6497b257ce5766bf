-- insert_scores --
-- What each expectation counted in one batch.
INSERT INTO quality.score (batch_id, expectation, field, dimension, severity, evaluated, failed)
SELECT :batch_id, n.* FROM unnest(CAST(:expectations AS text[]), CAST(:fields AS text[]), CAST(:dimensions AS text[]),
                                  CAST(:severities AS text[]), CAST(:evaluated AS integer[]), CAST(:failed AS integer[])) n;

-- add_to_daily --
-- The same, added to what the deliveries of that day came to.
INSERT INTO quality.daily AS d (plan, day, expectation, field, dimension, severity, evaluated, failed)
SELECT :plan, :day, n.* FROM unnest(CAST(:expectations AS text[]), CAST(:fields AS text[]), CAST(:dimensions AS text[]),
                                    CAST(:severities AS text[]), CAST(:evaluated AS bigint[]), CAST(:failed AS bigint[])) n
ON CONFLICT (plan, day, expectation) DO UPDATE
   SET field = excluded.field, dimension = excluded.dimension, severity = excluded.severity,
       evaluated = d.evaluated + excluded.evaluated, failed = d.failed + excluded.failed;

-- settle_scores --
-- Failures whose rows were decided, by batch.
UPDATE quality.score s SET settled = s.settled + n.rows
  FROM unnest(CAST(:batches AS bigint[]), CAST(:expectations AS text[]), CAST(:rows AS integer[])) n(batch_id, expectation, rows)
 WHERE s.batch_id = n.batch_id AND s.expectation = n.expectation;

-- settle_daily --
-- Failures whose rows were decided, by the day on which they arrived; only those that a batch scored.
UPDATE quality.daily d SET settled = d.settled + n.rows
  FROM (SELECT b.plan, (b.at AT TIME ZONE INTERVAL '8 hours')::date AS day, g.expectation, sum(g.rows) AS rows
          FROM unnest(CAST(:batches AS bigint[]), CAST(:expectations AS text[]), CAST(:rows AS bigint[]))
               g(batch_id, expectation, rows)
          JOIN vault.batch b USING (batch_id) JOIN quality.score s USING (batch_id, expectation)
         GROUP BY 1, 2, 3) n
 WHERE d.plan = n.plan AND d.day = n.day AND d.expectation = n.expectation;

-- insert_document --
-- The Great Expectations result of a batch, without values.
INSERT INTO quality.document (batch_id, result) VALUES (:batch_id, CAST(:result AS jsonb));

-- copy_quarantine --
-- Quarantined rows in, sealed.
COPY quality.quarantine (record_id, batch_id, holder_id, cohort_id, expires_on, schema_version, failed, sealed,
                         arrived_at, plan, reason, due_at, entered_by) FROM STDIN (FORMAT binary)

-- scores --
-- Scores of every expectation over all deliveries of each plan.
SELECT b.plan, s.expectation, s.field, s.dimension, s.severity, sum(s.evaluated)::bigint AS evaluated,
       sum(s.failed)::bigint AS failed, count(*) AS batches
  FROM quality.score s JOIN vault.batch b USING (batch_id)
 WHERE (CAST(:run AS text) IS NULL OR b.run = :run) AND b.source = 'delivery'
 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2;

-- documents --
-- Results of all batches of each plan's last run, for Data Docs.
SELECT b.plan, d.result
  FROM quality.document d JOIN vault.batch b USING (batch_id)
 WHERE b.run = (SELECT l.run FROM vault.batch l WHERE l.plan = b.plan AND l.source = 'delivery' ORDER BY l.batch_id DESC LIMIT 1)
 ORDER BY b.plan, b.batch_id;

-- totals --
-- What became of all rows of each plan; those that stewards put in again were counted when they came.
SELECT b.plan, sum(b.arrived)::bigint AS arrived, sum(b.stored)::bigint AS stored,
       sum((SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(b.refused)))::bigint AS refused,
       sum((SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(b.quarantined)))::bigint AS quarantined
  FROM vault.batch b
 WHERE (CAST(:run AS text) IS NULL OR b.run = :run) AND b.source = 'delivery'
 GROUP BY b.plan ORDER BY b.plan;
