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
