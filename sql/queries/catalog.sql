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

-- summarize --
-- Bring the summary up to what was just written of a batch's look.
SELECT catalog.summarize(:batch_id, CAST(:look AS smallint));

-- column_history --
-- What each column was found to hold, run by run and look by look: where it changed, and the newest.
SELECT plan, run, look, field, declared, entity, category, level, code, confidence, recognizers, last, at, cells, found,
       newest, changed
  FROM catalog.column_run
 WHERE (newest OR changed) AND (CAST(:plan AS text) IS NULL OR plan = :plan)
   AND (CAST(:field AS text) IS NULL OR field = :field)
 ORDER BY plan, field, last, look;

-- columns_now --
-- What each column of a plan holds by its newest run, since when, and how often that changed.
SELECT c.plan, c.field, c.declared, c.entity, c.category, c.level, c.code, c.confidence, c.cells, c.found, c.run, c.at,
       c.recognizers, s.at AS since, h.changes
  FROM catalog.column_run c
 CROSS JOIN LATERAL (SELECT t.at FROM catalog.column_run t
                      WHERE t.plan = c.plan AND t.field = c.field AND t.changed AND (t.newest OR t.changed)
                      ORDER BY t.last DESC, t.look DESC LIMIT 1) s
 CROSS JOIN LATERAL (SELECT count(*) - 1 AS changes FROM catalog.column_run t
                      WHERE t.plan = c.plan AND t.field = c.field AND t.changed AND (t.newest OR t.changed)) h
 WHERE c.newest AND (CAST(:plan AS text) IS NULL OR c.plan = :plan)
 ORDER BY c.plan, c.field;

-- newest_recognizers --
-- What the newest batch or look was read with.
SELECT recognizers FROM catalog.reading WHERE recognizers IS NOT NULL ORDER BY at DESC, batch_id DESC LIMIT 1;

-- batches_read_otherwise --
-- Batches of each plan that were last read with something else.
SELECT b.plan, count(*) AS batches
  FROM vault.batch b LEFT JOIN catalog.reading n USING (batch_id)
 WHERE (CAST(:plan AS text) IS NULL OR b.plan = :plan) AND n.recognizers IS DISTINCT FROM :recognizers AND b.stored > 0
 GROUP BY b.plan ORDER BY b.plan;

-- findings_known --
-- What was found against the declarations of plans; cells, share and level are those of the newest run.
SELECT plan, field, kind, declared, found, level, cells, share, run, first_at, last_at, runs
  FROM catalog.finding_known
 WHERE (CAST(:plan AS text) IS NULL OR plan = :plan) AND (CAST(:field AS text) IS NULL OR field = :field)
 ORDER BY plan, field, kind, declared, found;

-- corrections --
-- The last word of a steward on each field.
SELECT DISTINCT ON (plan, field) plan, field, correction_id, decision, entity, level, closes, reason, steward, at
  FROM catalog.correction WHERE CAST(:plan AS text) IS NULL OR plan = :plan
 ORDER BY plan, field, number DESC;

-- corrections_of_column --
-- All that stewards said of a column, the last word first.
SELECT correction_id, decision, entity, level, jsonb_array_length(closes) AS closed, reason, steward, at
  FROM catalog.correction WHERE plan = :plan AND field = :field ORDER BY number DESC;

-- insert_correction --
-- What a steward says of a column.
INSERT INTO catalog.correction (correction_id, plan, field, decision, entity, level, closes, reason, steward, at)
VALUES (:correction, :plan, :field, :decision, :entity, :level, CAST(:closes AS jsonb), :reason, :steward, :at);
