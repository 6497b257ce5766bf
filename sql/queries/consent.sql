-- ensure_terms --
-- What was agreed to: once for each combination.
INSERT INTO consent.terms (plan, notice, notice_sha256, purposes, method)
VALUES (:plan, :notice, :notice_sha256, :purposes, :method)
ON CONFLICT DO NOTHING;

-- find_terms --
-- The number of a combination.
SELECT terms_id FROM consent.terms
 WHERE plan = :plan AND notice = :notice AND notice_sha256 = :notice_sha256 AND purposes = :purposes AND method = :method;

-- copy_receipts --
-- Receipts of consent in.
COPY consent.receipt (receipt_id, subject_id, terms_id, action, at, valid_until, recorded_at)
FROM STDIN (FORMAT binary)

-- insert_receipt --
-- One receipt.
INSERT INTO consent.receipt (receipt_id, subject_id, terms_id, action, at, valid_until, recorded_at)
VALUES (:receipt_id, :subject_id, :terms_id, :action, :at, :valid_until, :at);

-- withdrawals --
-- The latest withdrawal, for each purpose, of the subjects behind some identifiers.
WITH found AS MATERIALIZED (  -- a look-up a row, however few statistics there are
  SELECT w.position, b.subject_id
    FROM wanted_index w
   CROSS JOIN LATERAL (
           SELECT i.subject_id FROM vault.blind_index i
            WHERE i.strong AND i.digest = w.digest AND i.kind = (CAST(:kinds AS text[]))[w.kind + 1]
           UNION ALL
           SELECT i.subject_id FROM vault.blind_index i
            WHERE NOT i.strong AND i.digest = w.digest AND i.kind = (CAST(:kinds AS text[]))[w.kind + 1]) AS b
)
SELECT f.position, p.purpose, max(r.at) AS at
  FROM found f
  JOIN consent.receipt r ON r.subject_id = f.subject_id AND r.action = 'withdrawn'
  JOIN consent.terms t USING (terms_id)
 CROSS JOIN LATERAL unnest(t.purposes) AS p(purpose)
 GROUP BY f.position, p.purpose;

-- receipts_of_subject --
-- All receipts of one subject, in order.
SELECT r.receipt_id, r.action, r.at, r.valid_until, t.plan, t.notice, t.purposes, t.method
  FROM consent.receipt r JOIN consent.terms t USING (terms_id)
 WHERE r.subject_id = :subject_id ORDER BY r.at, r.recorded_at;
