-- batches_to_look_at --
-- Batches of a plan that were last read with something else, oldest first.
SELECT n.batch_id, n.look, b.delivery_id, b.chunk, b.stored, d.chunk_rows
  FROM catalog.newest_look n JOIN vault.batch b USING (batch_id)
  JOIN vault.delivery d ON d.plan = b.plan AND d.delivery_id = b.delivery_id
 WHERE n.plan = :plan AND n.recognizers IS DISTINCT FROM :recognizers AND b.stored > 0
 ORDER BY n.batch_id;

-- last_batch_to_look_at --
-- The newest of those batches, if there is one: from the end, where what waits stands until all is done.
SELECT n.batch_id
  FROM catalog.newest_look n JOIN vault.batch b USING (batch_id)
 WHERE n.plan = :plan AND n.recognizers IS DISTINCT FROM :recognizers AND b.stored > 0
 ORDER BY n.batch_id DESC LIMIT 1;

-- look_of_batch --
-- The newest look at a batch, and what it was read with.
SELECT look, recognizers FROM catalog.newest_look WHERE batch_id = :batch_id;

-- usable_records_of_batch --
-- Sealed records of a batch that may be used. Ids of one delivery are neighbours.
SELECT r.record_id, r.subject_id, r.cohort_id, r.schema_version, r.part_1, r.part_2, r.part_3, r.part_4, r.part_5
  FROM vault.usable_record r
 WHERE r.record_id BETWEEN :first AND :last AND r.batch_id = :batch_id
 ORDER BY r.record_id;

-- insert_look --
-- A batch was looked at again.
INSERT INTO catalog.look (batch_id, look, recognizers, records, at)
VALUES (:batch_id, :look, :recognizers, :records, :at);

-- looked_at --
-- What the looks with some recognizers came to in a plan.
SELECT count(*) AS batches, coalesce(sum(k.records), 0)::bigint AS records
  FROM catalog.look k JOIN vault.batch b USING (batch_id)
 WHERE b.plan = :plan AND k.recognizers = :recognizers;

-- found_again --
-- What those looks found: columns and cells by kind. The last look at a chunk of a delivery speaks for all of its chunks;
-- what lies too low is told chunk by chunk.
WITH speaking AS (
  SELECT k.batch_id, k.look,
         row_number() OVER (PARTITION BY b.delivery_id ORDER BY k.at DESC, k.batch_id DESC) = 1 AS last_word
    FROM catalog.look k JOIN vault.batch b USING (batch_id)
   WHERE b.plan = :plan AND k.recognizers = :recognizers
)
SELECT f.field, f.kind, f.declared, f.found, max(f.level) AS level, sum(f.cells)::bigint AS cells
  FROM speaking s JOIN catalog.finding f USING (batch_id, look)
 WHERE s.last_word OR f.kind = 'level_raised'
 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 4;
