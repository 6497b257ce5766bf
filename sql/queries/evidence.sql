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
