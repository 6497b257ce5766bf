-- The planner's statistics copy values out of the tables. None may copy what the vault holds, nor what finds it: such a
-- copy outlives its row. Last of the schema, so that it sees every column.

CREATE VIEW tutela.unsampled AS
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
             ('destruction', 'work_order', 'document'), ('catalog', 'correction', 'reason'),
             ('quality', 'decision', 'reason'), ('quality', 'reveal', 'reason')));

-- To be run after a table or partition is made; what is done already is left alone.
CREATE FUNCTION tutela.keep_no_statistics() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE found record;
BEGIN
  FOR found IN SELECT relation, attribute FROM tutela.unsampled WHERE target IS DISTINCT FROM 0 LOOP
    EXECUTE format('ALTER TABLE ONLY %s ALTER COLUMN %I SET STATISTICS 0', found.relation, found.attribute);
  END LOOP;
END $$;

-- How many columns are to have none, and how many statistics there are on them all the same.
CREATE FUNCTION tutela.count_unsampled(OUT columns bigint, OUT residue bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT (SELECT count(*) FROM tutela.unsampled),
         (SELECT count(*) FROM pg_stats s JOIN tutela.unsampled u
              ON s.schemaname = u.schema AND s.tablename = u.name AND s.attname = u.attribute)
       + (SELECT count(*) FROM pg_stats_ext e
           WHERE EXISTS (SELECT FROM tutela.unsampled u
                          WHERE e.schemaname = u.schema AND e.tablename = u.name AND u.attribute = ANY (e.attnames)));
$$;
REVOKE EXECUTE ON FUNCTION tutela.keep_no_statistics(), tutela.count_unsampled() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tutela.count_unsampled() TO tutela_verify;

SELECT tutela.keep_no_statistics();
