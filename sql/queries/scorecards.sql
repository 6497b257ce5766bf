-- insert_shapes --
-- What each field of a batch looked like.
INSERT INTO quality.shape (batch_id, field, rows, missing, words)
SELECT CAST(:batch_id AS bigint), n.field, n.rows, n.missing, CAST(n.words AS jsonb)
  FROM unnest(CAST(:fields AS text[]), CAST(:rows AS integer[]), CAST(:missing AS integer[]), CAST(:words AS text[]))
       n(field, rows, missing, words);

-- recent_runs --
-- A run of a plan and those before it, newest first.
SELECT b.run, b.first, b.arrived
  FROM (SELECT run, min(batch_id) AS first, sum(arrived)::bigint AS arrived
          FROM vault.batch WHERE plan = :plan AND source = 'delivery' GROUP BY run) b
 WHERE b.first <= (SELECT min(batch_id) FROM vault.batch WHERE run = :run AND plan = :plan AND source = 'delivery')
 ORDER BY b.first DESC LIMIT :limit;

-- shapes_of_runs --
-- What the fields of some runs of a plan looked like, chunk by chunk.
SELECT b.run, s.field, s.rows, s.missing, s.words
  FROM vault.batch b JOIN quality.shape s USING (batch_id)
 WHERE b.run = ANY (CAST(:runs AS text[])) AND b.plan = :plan AND b.source = 'delivery'
 ORDER BY b.run, s.field;

-- put_drift --
-- What a run looked like beside the runs before it; a run that went on is compared anew.
INSERT INTO quality.drift (plan, run, measure, field, sign, value, low, high, runs, word, share, usual, at)
VALUES (:plan, :run, :measure, :field, :sign, :value, :low, :high, :runs, :word, :share, :usual, :at)
ON CONFLICT (plan, run, measure, field) DO UPDATE
   SET sign = excluded.sign, value = excluded.value, low = excluded.low, high = excluded.high, runs = excluded.runs,
       word = excluded.word, share = excluded.share, usual = excluded.usual, at = excluded.at;

-- plans_scored --
-- All plans of which anything was ever scored.
WITH RECURSIVE known AS (
  (SELECT plan FROM quality.daily ORDER BY plan LIMIT 1)
  UNION ALL
  SELECT (SELECT d.plan FROM quality.daily d WHERE d.plan > k.plan ORDER BY d.plan LIMIT 1) FROM known k WHERE k.plan IS NOT NULL
)
SELECT plan FROM known WHERE plan IS NOT NULL;

-- last_days --
-- The last days on which something of some plans arrived.
SELECT d.day FROM quality.daily d WHERE d.plan = ANY (CAST(:plans AS text[]))
 GROUP BY d.day ORDER BY d.day DESC LIMIT :limit;

-- rules_of_days --
-- How the rules of some plans fared from one day to another.
SELECT d.plan, d.expectation, (array_agg(d.field ORDER BY d.day DESC))[1] AS field,
       (array_agg(d.dimension ORDER BY d.day DESC))[1] AS dimension, (array_agg(d.severity ORDER BY d.day DESC))[1] AS severity,
       sum(d.evaluated)::bigint AS evaluated, sum(d.failed)::bigint AS failed, sum(d.settled)::bigint AS settled
  FROM quality.daily d
 WHERE d.plan = ANY (CAST(:plans AS text[])) AND d.day BETWEEN :first AND :last
 GROUP BY d.plan, d.expectation;

-- days_of_scores --
-- What some plans scored on each day.
SELECT d.plan, d.day, sum(d.evaluated)::bigint AS evaluated, sum(d.failed)::bigint AS failed, sum(d.settled)::bigint AS settled
  FROM quality.daily d
 WHERE d.plan = ANY (CAST(:plans AS text[])) AND d.day BETWEEN :first AND :last
 GROUP BY d.plan, d.day ORDER BY d.plan, d.day;

-- days_of_rule --
-- The last days of one rule of a plan, newest first.
SELECT d.day, d.field, d.dimension, d.severity, d.evaluated, d.failed, d.settled
  FROM quality.daily d WHERE d.plan = :plan AND d.expectation = :rule
 ORDER BY d.day DESC LIMIT :limit;

-- failing_since --
-- The first day of the streak in which some rules have failed whenever they were asked, up to a day.
SELECT r.plan, r.expectation, f.since
  FROM unnest(CAST(:plans AS text[]), CAST(:rules AS text[])) r(plan, expectation)
  LEFT JOIN LATERAL (SELECT d.day FROM quality.daily d
                      WHERE d.plan = r.plan AND d.expectation = r.expectation AND d.day <= :last
                        AND d.failed = 0 AND d.evaluated > 0
                      ORDER BY d.day DESC LIMIT 1) s ON true
 CROSS JOIN LATERAL (SELECT d.day AS since FROM quality.daily d
                      WHERE d.plan = r.plan AND d.expectation = r.expectation AND d.day <= :last AND d.failed > 0
                        AND d.day > coalesce(s.day, '-infinity')
                      ORDER BY d.day LIMIT 1) f;

-- rows_of_days --
-- What became of the rows of some plans that arrived between two moments.
SELECT b.plan, sum(b.arrived)::bigint AS arrived, sum(b.stored)::bigint AS stored,
       sum((SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(b.refused)))::bigint AS refused,
       sum((SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(b.quarantined)))::bigint AS quarantined
  FROM vault.batch b
 WHERE b.plan = ANY (CAST(:plans AS text[])) AND b.at >= :since AND b.at < :until AND b.source = 'delivery'
 GROUP BY b.plan;

-- waiting_by_rule --
-- Rows of some plans that wait for a steward, by each rule that they broke ('': all).
SELECT w.plan, w.rule, w.rows FROM quality.waiting w WHERE w.plan = ANY (CAST(:plans AS text[])) AND w.rows > 0;

-- waiting_time --
-- Of each plan: rows that should be decided by now, and when the middle one of the waiting rows arrived.
SELECT p.plan, coalesce(w.rows, 0) AS waiting,
       (SELECT count(*) FROM quality.quarantine q WHERE q.plan = p.plan AND q.state = 'waiting' AND q.due_at < :at) AS overdue,
       (SELECT q.arrived_at FROM quality.quarantine q WHERE q.plan = p.plan AND q.state = 'waiting'
         ORDER BY q.arrived_at OFFSET w.rows / 2 LIMIT 1) AS middle
  FROM unnest(CAST(:plans AS text[])) p(plan) LEFT JOIN quality.waiting w ON w.plan = p.plan AND w.rule = '';

-- decided_in_time --
-- Rows of each plan that were decided between two moments, and how many of them within the plan's days of their arrival.
SELECT d.plan, count(*) AS decided, count(*) FILTER (WHERE d.at <= b.at + make_interval(days => p.days)) AS in_time
  FROM unnest(CAST(:plans AS text[]), CAST(:days AS integer[])) p(plan, days)
  JOIN quality.decision d ON d.plan = p.plan JOIN vault.batch b ON b.batch_id = d.batch_id
 WHERE d.at >= :since AND d.at < :until AND d.kind <> 'returned'
 GROUP BY d.plan;

-- last_runs --
-- The last runs of a plan that brought something, newest first; up to a batch where one is named.
SELECT b.run, min(b.batch_id) AS first, min(b.at) AS at, count(*) AS chunks, sum(b.arrived)::bigint AS arrived,
       sum(b.stored)::bigint AS stored, min(b.entered_by) AS entered_by
  FROM vault.batch b
 WHERE b.plan = :plan AND b.source = 'delivery' AND (CAST(:upto AS bigint) IS NULL OR b.batch_id <= :upto)
 GROUP BY b.run ORDER BY 2 DESC LIMIT :limit;

-- scores_of_runs --
-- What some runs of a plan scored.
SELECT b.run, sum(s.evaluated)::bigint AS evaluated, sum(s.failed)::bigint AS failed, sum(s.settled)::bigint AS settled
  FROM vault.batch b JOIN quality.score s USING (batch_id)
 WHERE b.run = ANY (CAST(:runs AS text[])) AND b.plan = :plan AND b.source = 'delivery'
 GROUP BY b.run;

-- run_facts --
-- What is known of one run, plan by plan.
SELECT b.plan, min(b.at) AS at, max(b.batch_id) AS last, count(*) AS chunks, sum(b.arrived)::bigint AS arrived,
       sum(b.stored)::bigint AS stored,
       sum((SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(b.refused)))::bigint AS refused,
       sum((SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(b.quarantined)))::bigint AS quarantined
  FROM vault.batch b WHERE b.run = :run AND b.source = 'delivery' GROUP BY b.plan ORDER BY b.plan LIMIT 1;

-- rules_of_run --
-- How each rule fared in one run of a plan.
SELECT b.plan, s.expectation, min(s.field) AS field, min(s.dimension) AS dimension, min(s.severity) AS severity,
       sum(s.evaluated)::bigint AS evaluated, sum(s.failed)::bigint AS failed, sum(s.settled)::bigint AS settled
  FROM vault.batch b JOIN quality.score s USING (batch_id)
 WHERE b.run = :run AND b.plan = :plan AND b.source = 'delivery'
 GROUP BY b.plan, s.expectation;

-- waiting_of_run --
-- Rows of one run that wait for a steward, by each rule that they broke ('': all).
SELECT q.plan, r.rule, count(*) AS rows
  FROM quality.quarantine q CROSS JOIN LATERAL unnest(array_append(q.failed, '')) r(rule)
 WHERE q.batch_id IN (SELECT batch_id FROM vault.batch WHERE run = :run AND plan = :plan) AND q.state = 'waiting'
 GROUP BY q.plan, r.rule;

-- drift_of_run --
-- How one run of a plan compares with those before it, the gravest first.
SELECT d.measure, d.field, d.sign, d.value, d.low, d.high, d.runs, d.word, d.share, d.usual
  FROM quality.drift d WHERE d.plan = :plan AND d.run = :run
 ORDER BY array_position(ARRAY['warning', 'info', 'unknown', 'steady'], d.sign), d.measure DESC, d.field;

-- drift_of_last_runs --
-- What is not steady in the last run of each of some plans; of what can't be told yet, the volume speaks for all.
SELECT p.plan, l.run, d.measure, d.field, d.sign, d.value, d.low, d.high, d.runs, d.word, d.share, d.usual
  FROM unnest(CAST(:plans AS text[])) p(plan)
 CROSS JOIN LATERAL (SELECT b.run FROM vault.batch b WHERE b.plan = p.plan AND b.source = 'delivery'
                      ORDER BY b.batch_id DESC LIMIT 1) l
  JOIN quality.drift d ON d.plan = p.plan AND d.run = l.run
   AND (d.sign IN ('info', 'warning') OR d.sign = 'unknown' AND d.measure = 'volume')
 ORDER BY p.plan, array_position(ARRAY['warning', 'info', 'unknown'], d.sign), d.measure DESC, d.field;

-- signs_of_runs --
-- How many comparisons of some runs of a plan were said, by sign.
SELECT d.run, d.sign, count(*) AS comparisons
  FROM quality.drift d WHERE d.plan = :plan AND d.run = ANY (CAST(:runs AS text[])) AND d.sign IN ('info', 'warning')
 GROUP BY d.run, d.sign;

-- time_of_run --
-- Rows of one run that wait, that should be decided by now, that were decided, and how many of those in time.
WITH batch AS (SELECT batch_id, at FROM vault.batch WHERE run = :run AND plan = :plan AND source = 'delivery')
SELECT q.*, d.* FROM
  (SELECT count(*) AS waiting, count(*) FILTER (WHERE due_at < :at) AS overdue,
          percentile_disc(0.5) WITHIN GROUP (ORDER BY arrived_at) AS middle
     FROM quality.quarantine WHERE batch_id IN (SELECT batch_id FROM batch) AND state = 'waiting') q,
  (SELECT count(*) AS decided, count(*) FILTER (WHERE d.at <= b.at + make_interval(days => :days)) AS in_time
     FROM quality.decision d JOIN batch b USING (batch_id) WHERE d.kind <> 'returned') d;

-- consent_of_days --
-- Rows of some plans that arrived between two moments and were not received before, and how many lacked consent.
SELECT b.plan, (sum(b.arrived) - sum(coalesce((b.refused->>'already_received')::bigint, 0)))::bigint AS asked,
       sum((SELECT coalesce(sum(r.value::bigint), 0) FROM jsonb_each_text(b.refused) r
             WHERE r.key = ANY (CAST(:reasons AS text[]))))::bigint AS lacking
  FROM vault.batch b
 WHERE b.plan = ANY (CAST(:plans AS text[])) AND b.at >= :since AND b.at < :until AND b.source = 'delivery'
 GROUP BY b.plan;

-- month_reported --
-- The figures of a month as they were drawn up.
SELECT report, sha256, at FROM quality.month_report WHERE month = :month;

-- insert_month_report --
-- The figures of a closed month.
INSERT INTO quality.month_report (month, report, sha256, at) VALUES (:month, CAST(:report AS jsonb), :sha256, :at);

-- told_before --
-- What was told of some things already, and on which way.
SELECT t.kind, t.plan, t.about, t.channel
  FROM quality.told t
  JOIN unnest(CAST(:kinds AS text[]), CAST(:plans AS text[]), CAST(:abouts AS text[])) n(kind, plan, about)
    ON t.kind = n.kind AND t.plan = n.plan AND t.about = n.about;

-- note_told --
-- Something was told.
INSERT INTO quality.told (kind, plan, about, channel, at) VALUES (:kind, :plan, :about, :channel, :at)
ON CONFLICT DO NOTHING;

-- runs_since --
-- The runs of some plans that brought something since a moment, the oldest first.
SELECT b.run, min(b.batch_id) AS first FROM vault.batch b
 WHERE b.at >= :since AND b.plan = ANY (CAST(:plans AS text[])) AND b.source = 'delivery'
 GROUP BY b.run ORDER BY 2;

-- scored_by --
-- Whether anything was scored up to a day.
SELECT EXISTS (SELECT FROM quality.daily WHERE day <= :day);
