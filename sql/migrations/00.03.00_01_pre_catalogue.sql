-- The catalogue: shares and recognizers of profiles, findings, corrections by stewards.

ALTER TABLE catalog.column_profile ADD COLUMN share real, ADD COLUMN recognizers text;
UPDATE catalog.column_profile SET share = CASE WHEN cells > 0 THEN round(found::numeric / cells, 4) ELSE 0 END;
ALTER TABLE catalog.column_profile ALTER COLUMN share SET NOT NULL;

-- Where a column of a batch is not what its plan declares.
CREATE TABLE catalog.finding (
  batch_id    bigint NOT NULL REFERENCES vault.batch,
  field       text NOT NULL,
  kind        text NOT NULL,                    -- over_collection, mis_declaration, identifier_in_free_text
  declared    text NOT NULL,                    -- item of the taxonomy, in capitals
  found       text,                             -- what the cells show; NULL: nothing of what was declared
  level       smallint NOT NULL,
  confidence  real NOT NULL,
  cells       integer NOT NULL,
  share       real NOT NULL,
  UNIQUE NULLS NOT DISTINCT (batch_id, field, kind, found)
);

-- What a steward says of a column. Append-only: the last word on a field counts, for the runs to come as well.
CREATE TABLE catalog.correction (
  number         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  correction_id  text NOT NULL UNIQUE,
  plan           text NOT NULL,
  field          text NOT NULL,
  decision       text NOT NULL CHECK (decision IN ('accepted', 'overridden')),
  entity         text,                          -- what the column holds; NULL: nothing personal
  level          smallint NOT NULL CHECK (level BETWEEN 1 AND 5),
  closes         jsonb NOT NULL,                -- the findings that the steward saw: kind, declared, found
  reason         text NOT NULL,
  steward        text NOT NULL,
  at             timestamptz NOT NULL
);
CREATE INDEX correction_of_field ON catalog.correction (plan, field, number);
CREATE TRIGGER correction_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON catalog.correction
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();

GRANT SELECT, INSERT ON catalog.finding, catalog.correction TO tutela_ingest;
GRANT SELECT ON catalog.finding, catalog.correction TO tutela_verify, tutela_audit, tutela_backup;
GRANT SELECT ON SEQUENCE catalog.correction_number_seq TO tutela_backup;
