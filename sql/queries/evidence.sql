-- last_checkpoint --
-- The newest tree head and what the next append needs.
SELECT size, document, frontier FROM evidence.checkpoint ORDER BY size DESC LIMIT 1;

-- copy_entries --
-- Many entries in.
COPY evidence.entry (seq, body, leaf) FROM STDIN (FORMAT binary)

-- insert_checkpoint --
-- A signed tree head.
INSERT INTO evidence.checkpoint (size, root, document, frontier) VALUES (:size, :root, :document, :frontier);

-- entries --
-- All entries up to a size, in order.
SELECT seq, body FROM evidence.entry WHERE seq < :size ORDER BY seq;

-- checkpoint_before --
-- The newest tree head that has none of the entries from a number on: a proof of these needs nothing older.
SELECT frontier FROM evidence.checkpoint WHERE size <= :seq ORDER BY size DESC LIMIT 1;

-- leaves --
-- The leaf hashes from one size of the log to another, in order.
SELECT leaf FROM evidence.entry WHERE seq >= :start AND seq < :size ORDER BY seq;

-- checkpoints --
-- All signed tree heads.
SELECT document FROM evidence.checkpoint ORDER BY size;

-- hourly_checkpoints --
-- The last signed tree head of each hour, by the times that the heads themselves tell.
SELECT document
  FROM (SELECT DISTINCT ON (hour) size, document
          FROM (SELECT size, document, left(document::json ->> 'at', 13) AS hour FROM evidence.checkpoint) AS timed
         ORDER BY hour, size DESC) AS last
 ORDER BY size;

-- entries_at --
-- Some entries.
SELECT seq, body FROM evidence.entry WHERE seq = ANY(:seqs);

-- continue_story --
-- Note what the entries are about that came since; two who do it at once note the same.
WITH fresh AS MATERIALIZED (
  SELECT e.seq, CAST(e.body AS jsonb) AS entry
    FROM evidence.entry e
   WHERE e.seq > coalesce((SELECT s.seq FROM evidence.story s ORDER BY s.seq DESC LIMIT 1), -1)
), noted AS (
  INSERT INTO evidence.story (seq, kind, plan, at)
  SELECT seq, entry ->> 'kind', entry -> 'body' ->> 'plan', CAST(entry ->> 'at' AS timestamptz) FROM fresh
      ON CONFLICT DO NOTHING
)
INSERT INTO evidence.story_actor (who, seq)
SELECT DISTINCT w.who, f.seq
  FROM fresh f
 CROSS JOIN LATERAL (
    SELECT f.entry -> 'body' ->> key AS who FROM unnest(CAST(:actors AS text[])) AS key
    UNION ALL
    SELECT jsonb_array_elements_text(f.entry -> 'body' -> 'witnesses')) w
 WHERE w.who IS NOT NULL
    ON CONFLICT DO NOTHING;

-- plan_each_time --
-- Plan a statement for the values that it is given: which index is best hangs on what is asked for.
SET LOCAL plan_cache_mode = force_custom_plan;

-- story --
-- Entries, newest first, before a number.
SELECT s.seq, e.body
  FROM (SELECT t.seq FROM evidence.story t
         WHERE t.seq < :before
           AND (CAST(:plan AS text) IS NULL OR t.plan = :plan)
           AND (CAST(:kinds AS text[]) IS NULL OR t.kind = ANY (CAST(:kinds AS text[])))
           AND (CAST(:since AS timestamptz) IS NULL OR t.at >= :since)
           AND (CAST(:until AS timestamptz) IS NULL OR t.at < :until)
         ORDER BY t.seq DESC LIMIT :limit) s
  JOIN evidence.entry e USING (seq)
 ORDER BY s.seq DESC;

-- story_of_actor --
-- Entries that a person or service acted in, newest first, before a number.
SELECT s.seq, e.body
  FROM (SELECT t.seq FROM evidence.story_actor a JOIN evidence.story t USING (seq)
         WHERE a.who = :who AND a.seq < :before
           AND (CAST(:plan AS text) IS NULL OR t.plan = :plan)
           AND (CAST(:kinds AS text[]) IS NULL OR t.kind = ANY (CAST(:kinds AS text[])))
           AND (CAST(:since AS timestamptz) IS NULL OR t.at >= :since)
           AND (CAST(:until AS timestamptz) IS NULL OR t.at < :until)
         ORDER BY a.seq DESC LIMIT :limit) s
  JOIN evidence.entry e USING (seq)
 ORDER BY s.seq DESC;

-- told_by_day --
-- How many entries there are of each day in China, by the times that they tell.
SELECT (s.at AT TIME ZONE 'Asia/Shanghai')::date AS day, count(*) AS entries
  FROM evidence.story s WHERE s.at >= :since GROUP BY 1 ORDER BY 1;

-- last_told --
-- The newest entry of a kind.
SELECT s.seq, e.body FROM evidence.story s JOIN evidence.entry e USING (seq) WHERE s.kind = :kind ORDER BY s.seq DESC LIMIT 1;

-- story_actors --
-- Everybody who ever acted: a look-up a name, however many entries each has.
WITH RECURSIVE named AS (
  (SELECT a.who FROM evidence.story_actor a ORDER BY a.who LIMIT 1)
  UNION ALL
  SELECT (SELECT a.who FROM evidence.story_actor a WHERE a.who > n.who ORDER BY a.who LIMIT 1)
    FROM named n WHERE n.who IS NOT NULL
)
SELECT who FROM named WHERE who IS NOT NULL;

-- story_kinds --
-- The kinds of entries that there are.
WITH RECURSIVE named AS (
  (SELECT s.kind FROM evidence.story s ORDER BY s.kind LIMIT 1)
  UNION ALL
  SELECT (SELECT s.kind FROM evidence.story s WHERE s.kind > n.kind ORDER BY s.kind LIMIT 1)
    FROM named n WHERE n.kind IS NOT NULL
)
SELECT kind FROM named WHERE kind IS NOT NULL;
