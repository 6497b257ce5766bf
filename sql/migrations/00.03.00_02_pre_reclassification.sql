-- What lies in the vault is looked at again when recognizers, weights or the taxonomy change: each look, and its role.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tutela_classify') THEN
    CREATE ROLE tutela_classify NOLOGIN NOINHERIT;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tutela_steward') THEN
    CREATE ROLE tutela_steward NOLOGIN NOINHERIT;
  END IF;
END $$;

ALTER TABLE catalog.column_profile ADD COLUMN look smallint NOT NULL DEFAULT 0, ADD COLUMN sealed_level smallint;
ALTER TABLE catalog.column_profile DROP CONSTRAINT column_profile_pkey;
ALTER TABLE catalog.column_profile ADD PRIMARY KEY (batch_id, field, look);
ALTER TABLE catalog.finding ADD COLUMN look smallint NOT NULL DEFAULT 0;
ALTER TABLE catalog.finding DROP CONSTRAINT finding_batch_id_field_kind_found_key;
ALTER TABLE catalog.finding ADD UNIQUE NULLS NOT DISTINCT (batch_id, look, field, kind, found);

-- One look at the sealed records of a batch. Look 0 is that of its arrival and has no row here.
CREATE TABLE catalog.look (
  batch_id     bigint NOT NULL REFERENCES vault.batch,
  look         smallint NOT NULL CHECK (look > 0),
  recognizers  text NOT NULL,                   -- fingerprint of what read the cells
  records      integer NOT NULL CHECK (records >= 0),   -- that were there and may be used
  at           timestamptz NOT NULL,
  PRIMARY KEY (batch_id, look)
);

-- What each batch was last read with; NULL: it is not known.
CREATE VIEW catalog.newest_look AS
SELECT b.batch_id, b.plan, coalesce(l.look, 0)::smallint AS look, coalesce(l.at, b.at) AS at,
       coalesce(l.recognizers, (SELECT max(p.recognizers) FROM catalog.column_profile p
                                 WHERE p.batch_id = b.batch_id AND p.look = 0)) AS recognizers
  FROM vault.batch b
  LEFT JOIN LATERAL (SELECT k.look, k.at, k.recognizers FROM catalog.look k
                      WHERE k.batch_id = b.batch_id ORDER BY k.look DESC LIMIT 1) l ON true;

-- Who looks again opens what may be used, and writes to the catalogue and the ledger alone.
GRANT USAGE ON SCHEMA vault, keyring, catalog, evidence, tutela TO tutela_classify;
GRANT SELECT ON vault.batch, vault.delivery, vault.usable_record, keyring.page, keyring.generation TO tutela_classify;
GRANT SELECT, INSERT ON catalog.column_profile, catalog.finding, catalog.look TO tutela_classify;
GRANT SELECT ON catalog.newest_look TO tutela_classify;
GRANT SELECT, INSERT ON evidence.entry, evidence.checkpoint TO tutela_classify;
GRANT SELECT ON catalog.look, catalog.newest_look TO tutela_ingest, tutela_verify, tutela_audit;
GRANT SELECT ON catalog.look, catalog.newest_look TO tutela_backup;

-- Who corrects the catalogue reads it and adds words, and opens nothing.
GRANT USAGE ON SCHEMA vault, catalog, evidence, tutela TO tutela_steward;
GRANT SELECT ON vault.batch, catalog.column_profile, catalog.finding, catalog.correction, catalog.look, catalog.newest_look
   TO tutela_steward;
GRANT INSERT ON catalog.correction TO tutela_steward;
GRANT SELECT, INSERT ON evidence.entry, evidence.checkpoint TO tutela_steward;
REVOKE SELECT, INSERT ON catalog.correction FROM tutela_ingest;

-- What a steward gave as a reason is text, and may not be copied either.
CREATE OR REPLACE VIEW tutela.unsampled AS
SELECT c.oid::regclass AS relation, n.nspname AS schema, c.relname AS name, a.attname AS attribute,
       format_type(a.atttypid, a.atttypmod) AS type, a.attstattarget AS target, c.relispartition AS is_partition
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname IN ('vault', 'keyring', 'consent', 'quality', 'catalog', 'destruction')
   AND c.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped
   -- Ciphertext, keyed hashes and ids of records, wherever they are; and these texts.
   AND (a.atttypid IN ('bytea'::regtype, 'uuid'::regtype)
        OR (n.nspname, c.relname, a.attname) IN (
             ('vault', 'subject', 'code'), ('destruction', 'hold', 'reason'), ('destruction', 'request', 'reason'),
             ('destruction', 'derivative', 'place'), ('destruction', 'notice', 'document'),
             ('destruction', 'work_order', 'document'), ('catalog', 'correction', 'reason')));
SELECT tutela.keep_no_statistics();
