-- The ledger refuses gaps by itself; until now only the platform that wrote it did.

-- An entry follows the last one: a gap would be a place to hide a removed entry in.
CREATE FUNCTION evidence.refuse_gap() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE first bigint; last bigint; added bigint;
BEGIN
  SELECT min(seq), max(seq), count(*) INTO first, last, added FROM new_entries;
  IF last - first + 1 <> added OR (first > 0 AND NOT EXISTS (SELECT FROM evidence.entry WHERE seq = first - 1)) THEN
    RAISE EXCEPTION 'evidence.entry has no gaps: entries follow the last one' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER entry_gapless AFTER INSERT ON evidence.entry REFERENCING NEW TABLE AS new_entries
  FOR EACH STATEMENT EXECUTE FUNCTION evidence.refuse_gap();
