-- lock_writers --
-- Take the one lock of writers, until the end of the transaction.
SELECT tutela.lock_writers();

-- register_delivery --
-- Remember a delivery and the chunk size it is first cut by.
INSERT INTO vault.delivery (plan, delivery_id, chunk_rows, first_seen)
VALUES (:plan, :delivery_id, :chunk_rows, :at)
ON CONFLICT DO NOTHING;

-- delivery_chunk_rows --
-- The chunk size that a delivery is cut by.
SELECT chunk_rows FROM vault.delivery WHERE plan = :plan AND delivery_id = :delivery_id;

-- delivery_received --
-- When a delivery was first seen.
SELECT first_seen FROM vault.delivery WHERE plan = :plan AND delivery_id = :delivery_id;

-- batch_exists --
-- Whether a chunk of a delivery is done already.
SELECT true FROM vault.batch WHERE plan = :plan AND delivery_id = :delivery_id AND chunk = :chunk;

-- insert_batch --
-- A chunk, done.
INSERT INTO vault.batch (plan, delivery_id, chunk, run, arrived, stored, refused, quarantined, level, at, source, entered_by)
VALUES (:plan, :delivery_id, :chunk, :run, :arrived, :stored, CAST(:refused AS jsonb), CAST(:quarantined AS jsonb),
        :level, :at, :source, :entered_by)
RETURNING batch_id;

-- rows_of_plan --
-- How many rows of a plan were ever stored.
SELECT coalesce(sum(stored), 0)::bigint FROM vault.batch WHERE plan = :plan;

-- batches_of_run --
-- What each chunk of a run came to.
SELECT chunk, arrived, stored, refused, quarantined FROM vault.batch WHERE run = :run ORDER BY batch_id;

-- ensure_partition --
-- The partition of one month.
SELECT vault.ensure_partition(:month);

-- copy_records --
-- Sealed records in.
COPY vault.record (record_id, expires_on, cohort_id, subject_id, batch_id, schema_version, level, collected_on,
                   active_on, part_1, part_2, part_3, part_4, part_5) FROM STDIN (FORMAT binary)

-- next_subject_ids --
-- Allot a run of subject ids, under the writers' lock; a number is never given twice.
SELECT setval('vault.subject_id_seq', nextval('vault.subject_id_seq') + :count - 1) - :count + 1;

-- copy_subjects --
-- New data subjects in.
COPY vault.subject (subject_id, code, kind, created_at, expires_on) FROM STDIN (FORMAT binary)

-- make_wanted_index --
-- The identifiers of a chunk, to be looked up as a set.
CREATE TEMPORARY TABLE wanted_index (position integer, kind smallint, digest uuid) ON COMMIT DROP;

-- copy_wanted_index --
-- Identifiers in.
COPY wanted_index (position, kind, digest) FROM STDIN (FORMAT binary)

-- probe_by_index --
-- Look a few thousand wanted rows up in an index of millions, however few statistics there are on either.
SET LOCAL enable_hashjoin = off;

-- probe_without_merge --
-- Likewise.
SET LOCAL enable_mergejoin = off;

-- known_index --
-- Which of the wanted identifiers are known, of whom, and whether that subject has a strong one.
SELECT w.position, w.kind, b.subject_id, b.expires_on, true AS has_strong
  FROM wanted_index w
  JOIN vault.blind_index b ON b.strong AND b.digest = w.digest AND b.kind = (CAST(:kinds AS text[]))[w.kind + 1]
UNION ALL
SELECT w.position, w.kind, b.subject_id, b.expires_on, s.subject_id IS NOT NULL AS has_strong
  FROM wanted_index w
  JOIN vault.blind_index b ON NOT b.strong AND b.digest = w.digest AND b.kind = (CAST(:kinds AS text[]))[w.kind + 1]
  -- The limit keeps it a look-up a hit: a set would be made of the whole index, which has no statistics that forbid it.
  LEFT JOIN LATERAL (SELECT i.subject_id FROM vault.blind_index i WHERE i.subject_id = b.subject_id AND i.strong
                      LIMIT 1) AS s ON true;

-- copy_blind_index --
-- New blind indexes in.
COPY vault.blind_index (kind, digest, subject_id, strong, expires_on) FROM STDIN (FORMAT binary)

-- make_extended_index --
-- Known identifiers whose last record is now a later one.
CREATE TEMPORARY TABLE extended_index (kind smallint, digest uuid, subject_id bigint, expires_on date) ON COMMIT DROP;

-- copy_extended_index --
-- Identifiers and new dates in.
COPY extended_index (kind, digest, subject_id, expires_on) FROM STDIN (FORMAT binary)

-- extend_index --
-- Move the expiry of known identifiers forward, never back.
UPDATE vault.blind_index b
   SET expires_on = e.expires_on
  FROM (SELECT kind, digest, subject_id, max(expires_on) AS expires_on FROM extended_index GROUP BY 1, 2, 3) e
 WHERE b.digest = e.digest AND b.kind = (CAST(:kinds AS text[]))[e.kind + 1] AND b.subject_id = e.subject_id
   AND b.expires_on < e.expires_on;

-- make_extended_subject --
-- Known subjects with a record that is due later than all before.
CREATE TEMPORARY TABLE extended_subject (subject_id bigint, expires_on date) ON COMMIT DROP;

-- copy_extended_subject --
-- Subjects and new dates in.
COPY extended_subject (subject_id, expires_on) FROM STDIN (FORMAT binary)

-- extend_subjects --
-- Move the expiry of known subjects forward, never back.
UPDATE vault.subject s SET expires_on = e.expires_on
  FROM extended_subject e WHERE s.subject_id = e.subject_id AND s.expires_on < e.expires_on;

-- any_withdrawal --
-- Whether anybody ever withdrew anything.
SELECT EXISTS (SELECT FROM consent.receipt WHERE action = 'withdrawn');

-- subject_by_code --
-- A data subject by its code.
SELECT subject_id, kind FROM vault.subject WHERE code = :code;

-- subjects_by_code --
-- Which of some codes are those of data subjects.
SELECT code FROM vault.subject WHERE code = ANY(:codes);
