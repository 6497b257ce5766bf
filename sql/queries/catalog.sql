-- insert_profile --
-- What classification found in one column.
INSERT INTO catalog.column_profile (batch_id, field, declared, entity, category, level, code, confidence, cells, found,
                                    also, share, recognizers, look, sealed_level)
VALUES (:batch_id, :field, :declared, :entity, :category, :level, :code, :confidence, :cells, :found,
        CAST(:also AS jsonb), :share, :recognizers, :look, :sealed_level);

-- profiles_of_delivery --
-- What the newest looks at the chunks of a delivery found in their columns.
SELECT p.field AS name, p.entity, p.category, coalesce(p.level, 1) AS level, p.code, p.confidence, p.cells, p.found,
       p.also, p.share
  FROM vault.batch b JOIN catalog.newest_look n USING (batch_id) JOIN catalog.column_profile p USING (batch_id, look)
 WHERE b.plan = :plan AND b.delivery_id = :delivery_id
 ORDER BY p.batch_id;

-- insert_finding --
-- Where a column is not what its plan declares.
INSERT INTO catalog.finding (batch_id, field, kind, declared, found, level, confidence, cells, share, look)
VALUES (:batch_id, :field, :kind, :declared, :found, :level, :confidence, :cells, :share, :look);

-- column_history --
-- What each column was found to hold, run by run and look by look: where it changed, and the newest. The most sensitive of
-- a run's chunks speaks for the run.
WITH profile AS (
  SELECT b.plan, b.run, coalesce(k.at, b.at) AS at, p.*
    FROM catalog.column_profile p JOIN vault.batch b USING (batch_id) LEFT JOIN catalog.look k USING (batch_id, look)
   WHERE CAST(:plan AS text) IS NULL OR b.plan = :plan
), most AS (
  SELECT DISTINCT ON (plan, run, look, field) *
    FROM profile ORDER BY plan, run, look, field, level DESC NULLS LAST, cells DESC, batch_id DESC
), of_run AS (
  SELECT m.plan, m.run, m.look, m.field, m.declared, m.entity, m.category, m.level, m.code, m.confidence, m.recognizers,
         max(p.batch_id) AS last, max(p.at) AS at, sum(p.cells)::bigint AS cells,
         coalesce(sum(p.found) FILTER (WHERE p.entity IS NOT DISTINCT FROM m.entity), 0)::bigint AS found
    FROM most m JOIN profile p USING (plan, run, look, field)
   GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
), ordered AS (
  SELECT *, lead(last) OVER w IS NULL AS newest,
         lag(last) OVER w IS NULL
         OR (declared, entity, level) IS DISTINCT FROM
            (lag(declared) OVER w, lag(entity) OVER w, lag(level) OVER w) AS changed
    FROM of_run WINDOW w AS (PARTITION BY plan, field ORDER BY last, look)
)
SELECT * FROM ordered WHERE newest OR changed ORDER BY plan, field, last, look;

-- batches_read_otherwise --
-- Batches of each plan that were last read with something else.
SELECT n.plan, count(*) AS batches
  FROM catalog.newest_look n JOIN vault.batch b USING (batch_id)
 WHERE (CAST(:plan AS text) IS NULL OR n.plan = :plan) AND n.recognizers IS DISTINCT FROM :recognizers AND b.stored > 0
 GROUP BY n.plan ORDER BY n.plan;

-- findings_known --
-- What was found against the declarations of plans. The last look at a chunk of a delivery speaks for all chunks before it;
-- what lies too low is told chunk by chunk. Cells, share and level are those of the newest run.
WITH speaking AS (
  SELECT b.plan, b.run, b.at AS first_at, n.batch_id, n.look, n.at AS last_at,
         row_number() OVER (PARTITION BY b.plan, b.delivery_id ORDER BY n.at DESC, n.batch_id DESC) = 1 AS last_word
    FROM catalog.newest_look n JOIN vault.batch b USING (batch_id)
   WHERE CAST(:plan AS text) IS NULL OR b.plan = :plan
), seen AS (
  SELECT s.plan, s.run, f.field, f.kind, f.declared, f.found, max(s.batch_id) AS last, min(s.first_at) AS first_at,
         max(s.last_at) AS last_at, max(f.level) AS level, sum(f.cells)::bigint AS cells, max(f.share) AS share
    FROM speaking s JOIN catalog.finding f USING (batch_id, look)
   WHERE (s.last_word OR f.kind = 'level_raised') AND (CAST(:field AS text) IS NULL OR f.field = :field)
   GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT DISTINCT ON (plan, field, kind, declared, found) plan, field, kind, declared, found, level, cells, share, run,
       min(first_at) OVER w AS first_at, max(last_at) OVER w AS last_at, count(*) OVER w AS runs
  FROM seen WINDOW w AS (PARTITION BY plan, field, kind, declared, found)
 ORDER BY plan, field, kind, declared, found, last DESC;

-- corrections --
-- The last word of a steward on each field.
SELECT DISTINCT ON (plan, field) plan, field, correction_id, decision, entity, level, closes, reason, steward, at
  FROM catalog.correction WHERE CAST(:plan AS text) IS NULL OR plan = :plan
 ORDER BY plan, field, number DESC;

-- insert_correction --
-- What a steward says of a column.
INSERT INTO catalog.correction (correction_id, plan, field, decision, entity, level, closes, reason, steward, at)
VALUES (:correction, :plan, :field, :decision, :entity, :level, CAST(:closes AS jsonb), :reason, :steward, :at);
