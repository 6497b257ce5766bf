-- What the catalogue shows, kept as it is written: a page must not count a year of profiles. All of it follows from the
-- profiles, looks and findings, and nobody writes it but through catalog.summarize, in the writer's transaction.

-- What each batch was last read with, as catalog.newest_look has it.
CREATE TABLE catalog.reading (
  batch_id     bigint PRIMARY KEY REFERENCES vault.batch,
  look         smallint NOT NULL,
  at           timestamptz NOT NULL,
  recognizers  text
);

-- What a run, or a later look at it, found in a column: the most sensitive of its chunks speaks for it.
CREATE TABLE catalog.column_run (
  plan         text NOT NULL,
  run          text NOT NULL,
  look         smallint NOT NULL,
  field        text NOT NULL,
  last         bigint NOT NULL,                 -- newest batch of the run: what runs are ordered by
  at           timestamptz NOT NULL,
  declared     text NOT NULL,
  entity       text,
  category     text,
  level        smallint,
  code         text,
  confidence   real NOT NULL,
  cells        bigint NOT NULL,
  found        bigint NOT NULL,
  recognizers  text,
  changed      boolean NOT NULL DEFAULT false,  -- it is not what the run before it found
  newest       boolean NOT NULL DEFAULT false,
  PRIMARY KEY (plan, run, look, field)
);
CREATE INDEX column_run_in_order ON catalog.column_run (plan, field, last, look);
CREATE INDEX column_run_told ON catalog.column_run (plan, field, last, look) WHERE newest OR changed;

-- What a run brought against the declarations of its plan. The last look at a chunk of a delivery speaks for all chunks
-- before it; what lies too low is told chunk by chunk. What stewards decided about a few rows says nothing of a column.
CREATE TABLE catalog.finding_run (
  plan      text NOT NULL,
  run       text NOT NULL,
  field     text NOT NULL,
  kind      text NOT NULL,
  declared  text NOT NULL,
  found     text,
  last      bigint NOT NULL,
  first_at  timestamptz NOT NULL,
  last_at   timestamptz NOT NULL,
  level     smallint NOT NULL,
  cells     bigint NOT NULL,
  share     real NOT NULL,
  UNIQUE NULLS NOT DISTINCT (plan, run, field, kind, declared, found)
);
CREATE INDEX finding_run_in_order ON catalog.finding_run (plan, field, kind, declared, last);

-- The same finding over all runs: cells, share and level are those of the newest.
CREATE TABLE catalog.finding_known (
  plan      text NOT NULL,
  field     text NOT NULL,
  kind      text NOT NULL,
  declared  text NOT NULL,
  found     text,
  level     smallint NOT NULL,
  cells     bigint NOT NULL,
  share     real NOT NULL,
  run       text NOT NULL,
  first_at  timestamptz NOT NULL,
  last_at   timestamptz NOT NULL,
  runs      bigint NOT NULL,
  UNIQUE NULLS NOT DISTINCT (plan, field, kind, declared, found)
);

-- A session plans these functions when the tables may be empty yet, and keeps the plan while they grow: no scan of all.

-- Brings the columns of a batch's run up to its profiles of one look, and says anew where that is a change. A run that
-- grew by a batch has moved behind others: whatever it then follows, precedes or no longer precedes is looked at too.
CREATE FUNCTION catalog.summarize_columns(of_batch bigint, of_look smallint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog SET enable_seqscan = off AS $$
DECLARE
  of_plan text;
  of_run  text;
  before  jsonb;
BEGIN
  SELECT b.plan, b.run INTO STRICT of_plan, of_run FROM vault.batch b WHERE b.batch_id = of_batch;
  SELECT jsonb_object_agg(c.field, c.last) INTO before
    FROM catalog.column_run c WHERE c.plan = of_plan AND c.run = of_run AND c.look = of_look;

  INSERT INTO catalog.column_run (plan, run, look, field, last, at, declared, entity, category, level, code, confidence,
                                  cells, found, recognizers)
  WITH profile AS (
    SELECT p.*, coalesce(k.at, b.at) AS at
      FROM vault.batch b JOIN catalog.column_profile p ON p.batch_id = b.batch_id AND p.look = of_look
      LEFT JOIN catalog.look k ON k.batch_id = b.batch_id AND k.look = of_look
     WHERE b.run = of_run AND b.plan = of_plan AND b.source = 'delivery'
  ), most AS (
    SELECT DISTINCT ON (field) * FROM profile ORDER BY field, level DESC NULLS LAST, cells DESC, batch_id DESC
  )
  SELECT of_plan, of_run, of_look, m.field, max(p.batch_id), max(p.at), m.declared, m.entity, m.category, m.level, m.code,
         m.confidence, sum(p.cells), coalesce(sum(p.found) FILTER (WHERE p.entity IS NOT DISTINCT FROM m.entity), 0),
         m.recognizers
    FROM most m JOIN profile p USING (field)
   GROUP BY m.field, m.declared, m.entity, m.category, m.level, m.code, m.confidence, m.recognizers
  ON CONFLICT (plan, run, look, field) DO UPDATE
     SET last = excluded.last, at = excluded.at, declared = excluded.declared, entity = excluded.entity,
         category = excluded.category, level = excluded.level, code = excluded.code, confidence = excluded.confidence,
         cells = excluded.cells, found = excluded.found, recognizers = excluded.recognizers;

  WITH own AS (
    SELECT c.field, c.last, (before ->> c.field)::bigint AS was
      FROM catalog.column_run c WHERE c.plan = of_plan AND c.run = of_run AND c.look = of_look
  ), touched AS (
    SELECT o.field, o.last, of_look AS look FROM own o
    UNION
    SELECT o.field, n.last, n.look FROM own o CROSS JOIN LATERAL (
      SELECT c.last, c.look FROM catalog.column_run c
       WHERE c.plan = of_plan AND c.field = o.field AND (c.last, c.look) < (o.last, of_look)
       ORDER BY c.last DESC, c.look DESC LIMIT 1) n
    UNION
    SELECT o.field, n.last, n.look FROM own o CROSS JOIN LATERAL (
      SELECT c.last, c.look FROM catalog.column_run c
       WHERE c.plan = of_plan AND c.field = o.field AND (c.last, c.look) > (o.last, of_look)
       ORDER BY c.last, c.look LIMIT 1) n
    UNION
    SELECT o.field, n.last, n.look FROM own o CROSS JOIN LATERAL (
      SELECT c.last, c.look FROM catalog.column_run c
       WHERE c.plan = of_plan AND c.field = o.field AND (c.last, c.look) > (o.was, of_look)
       ORDER BY c.last, c.look LIMIT 1) n
  ), told AS (
    SELECT t.field, t.last, t.look, b.last IS NULL AS first, b.declared, b.entity, b.level,
           NOT EXISTS (SELECT FROM catalog.column_run a
                        WHERE a.plan = of_plan AND a.field = t.field AND (a.last, a.look) > (t.last, t.look)) AS newest
      FROM touched t LEFT JOIN LATERAL (
        SELECT c.last, c.declared, c.entity, c.level FROM catalog.column_run c
         WHERE c.plan = of_plan AND c.field = t.field AND (c.last, c.look) < (t.last, t.look)
         ORDER BY c.last DESC, c.look DESC LIMIT 1) b ON true
  )
  UPDATE catalog.column_run c
     SET newest = t.newest,
         changed = t.first OR (c.declared, c.entity, c.level) IS DISTINCT FROM (t.declared, t.entity, t.level)
    FROM told t
   WHERE c.plan = of_plan AND c.field = t.field AND c.last = t.last AND c.look = t.look;
END $$;

-- Brings what was found by the runs of a batch's delivery up to the newest looks: with another chunk, or another look,
-- another batch has the last word.
CREATE FUNCTION catalog.summarize_findings(of_batch bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog SET enable_seqscan = off AS $$
DECLARE
  of_plan text;
  of_runs text[];
  before  jsonb;
  touched jsonb;
BEGIN
  SELECT b.plan, array_agg(DISTINCT d.run) INTO STRICT of_plan, of_runs
    FROM vault.batch b JOIN vault.batch d USING (plan, delivery_id) WHERE b.batch_id = of_batch GROUP BY b.plan;

  WITH gone AS (
    DELETE FROM catalog.finding_run f WHERE f.plan = of_plan AND f.run = ANY (of_runs)
    RETURNING f.field, f.kind, f.declared, f.found
  )
  SELECT jsonb_agg(g) INTO before FROM gone g;

  WITH speaking AS (
    SELECT b.run, b.at AS first_at, n.batch_id, n.look, n.at AS last_at,
           row_number() OVER (PARTITION BY b.delivery_id ORDER BY n.at DESC, n.batch_id DESC) = 1 AS last_word
      FROM vault.batch b JOIN catalog.reading n USING (batch_id)
     WHERE b.plan = of_plan AND b.source = 'delivery'
       AND b.delivery_id IN (SELECT d.delivery_id FROM vault.batch d WHERE d.run = ANY (of_runs) AND d.plan = of_plan)
  ), made AS (
    INSERT INTO catalog.finding_run AS r
    SELECT of_plan, s.run, f.field, f.kind, f.declared, f.found, max(s.batch_id), min(s.first_at), max(s.last_at),
           max(f.level), sum(f.cells), max(f.share)
      FROM speaking s JOIN catalog.finding f USING (batch_id, look)
     WHERE s.run = ANY (of_runs) AND (s.last_word OR f.kind = 'level_raised')
     GROUP BY s.run, f.field, f.kind, f.declared, f.found
    RETURNING r.field, r.kind, r.declared, r.found
  )
  SELECT jsonb_agg(m) INTO touched FROM made m;
  touched := coalesce(before, '[]') || coalesce(touched, '[]');
  IF touched = '[]' THEN RETURN; END IF;

  DELETE FROM catalog.finding_known k
   USING jsonb_to_recordset(touched) AS t(field text, kind text, declared text, found text)
   WHERE k.plan = of_plan AND k.field = t.field AND k.kind = t.kind AND k.declared = t.declared
     AND k.found IS NOT DISTINCT FROM t.found;
  INSERT INTO catalog.finding_known
  SELECT of_plan, t.field, t.kind, t.declared, t.found, n.level, n.cells, n.share, n.run, r.first_at, r.last_at, r.runs
    FROM (SELECT DISTINCT * FROM jsonb_to_recordset(touched) AS t(field text, kind text, declared text, found text)) t
   CROSS JOIN LATERAL (
     SELECT f.level, f.cells, f.share, f.run FROM catalog.finding_run f
      WHERE f.plan = of_plan AND f.field = t.field AND f.kind = t.kind AND f.declared = t.declared
        AND f.found IS NOT DISTINCT FROM t.found ORDER BY f.last DESC LIMIT 1) n
   CROSS JOIN LATERAL (
     SELECT min(f.first_at) AS first_at, max(f.last_at) AS last_at, count(*) AS runs FROM catalog.finding_run f
      WHERE f.plan = of_plan AND f.field = t.field AND f.kind = t.kind AND f.declared = t.declared
        AND f.found IS NOT DISTINCT FROM t.found) r;
END $$;

-- Brings the summary up to what was just written of a batch's look: its profiles first, then its findings.
CREATE FUNCTION catalog.summarize(of_batch bigint, of_look smallint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  INSERT INTO catalog.reading (batch_id, look, at, recognizers)
  SELECT n.batch_id, n.look, n.at, n.recognizers FROM catalog.newest_look n WHERE n.batch_id = of_batch
  ON CONFLICT (batch_id) DO UPDATE
     SET look = excluded.look, at = excluded.at, recognizers = excluded.recognizers;
  PERFORM catalog.summarize_columns(of_batch, of_look);
  PERFORM catalog.summarize_findings(of_batch);
END $$;

REVOKE EXECUTE ON FUNCTION catalog.summarize(bigint, smallint), catalog.summarize_columns(bigint, smallint),
                           catalog.summarize_findings(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION catalog.summarize(bigint, smallint) TO tutela_ingest, tutela_classify;
GRANT SELECT ON catalog.reading, catalog.column_run, catalog.finding_run, catalog.finding_known
   TO tutela_verify, tutela_audit, tutela_steward;
GRANT SELECT ON catalog.reading, catalog.column_run, catalog.finding_run, catalog.finding_known TO tutela_backup;

-- What was written before, all at once.
INSERT INTO catalog.reading (batch_id, look, at, recognizers)
SELECT n.batch_id, n.look, n.at, n.recognizers FROM catalog.newest_look n;

INSERT INTO catalog.column_run (plan, run, look, field, declared, entity, category, level, code, confidence, recognizers,
                                last, at, cells, found, newest, changed)
WITH profile AS (
  SELECT b.plan, b.run, coalesce(k.at, b.at) AS at, p.*
    FROM catalog.column_profile p JOIN vault.batch b USING (batch_id) LEFT JOIN catalog.look k USING (batch_id, look)
   WHERE b.source = 'delivery'
), most AS (
  SELECT DISTINCT ON (plan, run, look, field) *
    FROM profile ORDER BY plan, run, look, field, level DESC NULLS LAST, cells DESC, batch_id DESC
), of_run AS (
  SELECT m.plan, m.run, m.look, m.field, m.declared, m.entity, m.category, m.level, m.code, m.confidence, m.recognizers,
         max(p.batch_id) AS last, max(p.at) AS at, sum(p.cells)::bigint AS cells,
         coalesce(sum(p.found) FILTER (WHERE p.entity IS NOT DISTINCT FROM m.entity), 0)::bigint AS found
    FROM most m JOIN profile p USING (plan, run, look, field)
   GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
)
SELECT plan, run, look, field, declared, entity, category, level, code, confidence, recognizers, last, at, cells, found,
       lead(last) OVER w IS NULL AS newest,
       lag(last) OVER w IS NULL
       OR (declared, entity, level) IS DISTINCT FROM (lag(declared) OVER w, lag(entity) OVER w, lag(level) OVER w) AS changed
  FROM of_run WINDOW w AS (PARTITION BY plan, field ORDER BY last, look);

INSERT INTO catalog.finding_run (plan, run, field, kind, declared, found, last, first_at, last_at, level, cells, share)
WITH speaking AS (
  SELECT b.plan, b.run, b.at AS first_at, n.batch_id, n.look, n.at AS last_at,
         row_number() OVER (PARTITION BY b.plan, b.delivery_id ORDER BY n.at DESC, n.batch_id DESC) = 1 AS last_word
    FROM catalog.reading n JOIN vault.batch b USING (batch_id)
   WHERE b.source = 'delivery'
)
SELECT s.plan, s.run, f.field, f.kind, f.declared, f.found, max(s.batch_id), min(s.first_at), max(s.last_at), max(f.level),
       sum(f.cells), max(f.share)
  FROM speaking s JOIN catalog.finding f USING (batch_id, look)
 WHERE s.last_word OR f.kind = 'level_raised'
 GROUP BY 1, 2, 3, 4, 5, 6;

INSERT INTO catalog.finding_known (plan, field, kind, declared, found, level, cells, share, run, first_at, last_at, runs)
SELECT DISTINCT ON (plan, field, kind, declared, found) plan, field, kind, declared, found, level, cells, share, run,
       min(first_at) OVER w, max(last_at) OVER w, count(*) OVER w
  FROM catalog.finding_run WINDOW w AS (PARTITION BY plan, field, kind, declared, found)
 ORDER BY plan, field, kind, declared, found, last DESC;
