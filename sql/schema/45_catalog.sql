-- The catalogue: what classification found in each column of each batch, beside what the plan declares. No value, ever.

CREATE TABLE catalog.column_profile (
  batch_id     bigint NOT NULL REFERENCES vault.batch,
  field        text NOT NULL,
  declared     text NOT NULL,                   -- code by the plan
  entity       text,                            -- Presidio's label of what was found
  category     text,
  level        smallint,
  code         text,
  confidence   real NOT NULL,
  cells        integer NOT NULL,
  found        integer NOT NULL,
  also         jsonb NOT NULL,                  -- entity -> cells
  share        real NOT NULL,                   -- of the cells that are not blank
  recognizers  text,                            -- fingerprint of what read the cells; NULL: not known
  look         smallint NOT NULL DEFAULT 0,     -- 0: as the batch arrived; see catalog.look
  sealed_level smallint,                        -- of a structured column, looked at again: the lowest that its cells lie under
  PRIMARY KEY (batch_id, field, look)
);

-- Where a column of a batch is not what its plan declares.
CREATE TABLE catalog.finding (
  batch_id    bigint NOT NULL REFERENCES vault.batch,
  field       text NOT NULL,
  kind        text NOT NULL,                    -- over_collection, mis_declaration, identifier_in_free_text, level_raised
  declared    text NOT NULL,                    -- item of the taxonomy, in capitals
  found       text,                             -- what the cells show; NULL: nothing of what was declared
  level       smallint NOT NULL,
  confidence  real NOT NULL,
  cells       integer NOT NULL,
  share       real NOT NULL,
  look        smallint NOT NULL DEFAULT 0,
  UNIQUE NULLS NOT DISTINCT (batch_id, look, field, kind, found)
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

GRANT USAGE ON SCHEMA catalog TO tutela_ingest, tutela_verify, tutela_audit;
GRANT SELECT, INSERT ON catalog.column_profile, catalog.finding TO tutela_ingest;
GRANT SELECT ON catalog.column_profile, catalog.finding, catalog.correction TO tutela_verify, tutela_audit;
