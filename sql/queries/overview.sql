-- runs_of_plans --
-- The last runs of each plan, the newest first, with what became of their rows; what stewards put in again is not a run.
WITH run AS (
  SELECT b.plan, b.run, count(*) AS chunks, min(b.at) AS at, max(b.batch_id) AS last, min(b.entered_by) AS entered_by,
         sum(b.arrived)::bigint AS arrived, sum(b.stored)::bigint AS stored,
         row_number() OVER (PARTITION BY b.plan ORDER BY max(b.batch_id) DESC) AS place
    FROM vault.batch b
   WHERE b.source = 'delivery' AND (CAST(:plan AS text) IS NULL OR b.plan = :plan)
   GROUP BY b.plan, b.run
)
SELECT r.plan, r.run, r.chunks, r.at, r.last, r.entered_by, r.arrived, r.stored,
       (SELECT coalesce(jsonb_object_agg(t.key, t.rows), '{}')
          FROM (SELECT e.key, sum(e.value::bigint) AS rows FROM vault.batch b CROSS JOIN LATERAL jsonb_each_text(b.refused) e
                 WHERE b.run = r.run AND b.plan = r.plan AND b.source = 'delivery' GROUP BY e.key) t) AS refused,
       (SELECT coalesce(jsonb_object_agg(t.key, t.rows), '{}')
          FROM (SELECT e.key, sum(e.value::bigint) AS rows
                  FROM vault.batch b CROSS JOIN LATERAL jsonb_each_text(b.quarantined) e
                 WHERE b.run = r.run AND b.plan = r.plan AND b.source = 'delivery' GROUP BY e.key) t) AS quarantined
  FROM run r WHERE r.place <= :limit
 ORDER BY r.last DESC;

-- days_of_plans --
-- What arrived and was stored of each plan on each day in China since a moment, in how many deliveries, and from how many
-- of them something went into quarantine.
SELECT b.plan, (b.at AT TIME ZONE 'Asia/Shanghai')::date AS day, count(DISTINCT b.delivery_id) AS deliveries,
       count(DISTINCT b.delivery_id) FILTER (WHERE b.quarantined <> '{}') AS touched,
       sum(b.arrived)::bigint AS arrived, sum(b.stored)::bigint AS stored,
       sum((SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(b.refused)))::bigint AS refused
  FROM vault.batch b
 WHERE b.source = 'delivery' AND b.at >= :since AND (CAST(:plan AS text) IS NULL OR b.plan = :plan)
 GROUP BY 1, 2 ORDER BY 1, 2;

-- reasons_of_plans --
-- Why rows of each plan were not stored since a moment: the reasons of refusal, and the rules that they count under.
SELECT b.plan, 'refused' AS fate, e.key AS reason, sum(e.value::bigint)::bigint AS rows
  FROM vault.batch b CROSS JOIN LATERAL jsonb_each_text(b.refused) e
 WHERE b.source = 'delivery' AND b.at >= :since AND (CAST(:plan AS text) IS NULL OR b.plan = :plan)
 GROUP BY b.plan, e.key
UNION ALL
SELECT b.plan, 'quarantined', e.key, sum(e.value::bigint)::bigint
  FROM vault.batch b CROSS JOIN LATERAL jsonb_each_text(b.quarantined) e
 WHERE b.source = 'delivery' AND b.at >= :since AND (CAST(:plan AS text) IS NULL OR b.plan = :plan)
 GROUP BY b.plan, e.key
 ORDER BY 1, 2, 4 DESC, 3;

-- runs_ended --
-- When a run of each plan last ended, one that brought nothing too.
SELECT p.plan, (SELECT s.at FROM evidence.story s
                 WHERE s.plan = p.plan AND s.kind = 'ingest.run_finished' ORDER BY s.seq DESC LIMIT 1) AS at
  FROM unnest(CAST(:plans AS text[])) AS p(plan);

-- begun_at --
-- When this installation came into being.
SELECT s.at FROM evidence.story s WHERE s.seq = 0;
