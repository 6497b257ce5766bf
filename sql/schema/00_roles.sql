-- Roles of the platform. None may log in: the one login of a deployment is a NOINHERIT member of all of them, and each
-- transaction takes the one role it needs (SET LOCAL ROLE). Nobody of them owns a table.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['tutela_ingest', 'tutela_destroy', 'tutela_verify', 'tutela_consent', 'tutela_audit',
                              'tutela_backup', 'tutela_classify', 'tutela_steward', 'tutela_review'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', name);
    END IF;
  END LOOP;
END $$;

CREATE SCHEMA vault;
CREATE SCHEMA keyring;
CREATE SCHEMA consent;
CREATE SCHEMA quality;
CREATE SCHEMA catalog;
CREATE SCHEMA destruction;
CREATE SCHEMA evidence;
CREATE SCHEMA tutela;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- Which migrations this database has seen; schema/ stands for all of them at once.
CREATE TABLE tutela.migration (
  name        text PRIMARY KEY,
  applied_at  timestamptz NOT NULL
);

-- The one lock that orders writers of the vault, the keyring and the ledger: taken with pg_advisory_xact_lock by
-- every transaction that allots subjects or keys, appends to the ledger, or destroys.
CREATE FUNCTION tutela.lock_writers() RETURNS void
LANGUAGE sql AS $$ SELECT pg_advisory_xact_lock(7310842) $$;

-- What is evidence can't be changed: not by any role, and not by the owner either while these triggers stand.
CREATE FUNCTION tutela.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'insufficient_privilege';
END $$;
