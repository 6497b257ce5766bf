-- active_generation --
-- The root generation that wraps new pages.
SELECT generation, kms_key FROM keyring.generation WHERE state = 'active';

-- generations --
-- All generations in one state.
SELECT generation, kms_key FROM keyring.generation WHERE state = :state ORDER BY generation;

-- next_generation --
-- A number for a new root generation.
SELECT nextval('keyring.generation_seq');

-- insert_generation --
-- A root generation that exists in the KMS.
INSERT INTO keyring.generation (generation, kms_key, state, created_at)
VALUES (:generation, :kms_key, 'active', :at);

-- retire_generation --
-- Nothing is wrapped by it any more.
UPDATE keyring.generation SET state = 'retiring' WHERE generation = :generation AND state = 'active';

-- generation_destroyed --
-- It is gone from the KMS.
UPDATE keyring.generation SET state = 'destroyed', destroyed_at = :at
 WHERE generation = :generation AND state = 'retiring';

-- pages --
-- Some pages of a ring.
SELECT p.page, p.sealed, p.wrapped, g.kms_key
  FROM keyring.page p JOIN keyring.generation g USING (generation)
 WHERE p.ring = :ring AND p.page = ANY(:pages);

-- all_pages --
-- The whole keyring, for its snapshot.
COPY (SELECT p.ring, p.page, p.sealed, p.wrapped, g.kms_key
        FROM keyring.page p JOIN keyring.generation g USING (generation)
       ORDER BY p.ring, p.page) TO STDOUT (FORMAT binary)

-- all_wraps --
-- The wrapped page keys of the whole keyring.
SELECT p.ring, p.page, p.wrapped, g.kms_key
  FROM keyring.page p JOIN keyring.generation g USING (generation);

-- insert_page --
-- A new page.
INSERT INTO keyring.page (ring, page, sealed, wrapped, generation)
VALUES (:ring, :page, :sealed, :wrapped, :generation);

-- replace_page --
-- A page with blanked slots, under a fresh page key.
UPDATE keyring.page SET sealed = :sealed, wrapped = :wrapped, generation = :generation
 WHERE ring = :ring AND page = :page;

-- make_rewrapped --
-- Page keys wrapped anew.
CREATE TEMPORARY TABLE rewrapped (ring text, page integer, wrapped bytea) ON COMMIT DROP;

-- copy_rewrapped --
-- Page keys in.
COPY rewrapped (ring, page, wrapped) FROM STDIN (FORMAT binary)

-- rewrap_pages --
-- Put all page keys under the new root generation.
UPDATE keyring.page p SET wrapped = r.wrapped, generation = :generation
  FROM rewrapped r WHERE p.ring = r.ring AND p.page = r.page;

-- open_cohorts --
-- Cohorts of one retention class on some days, on which one thing is done.
SELECT cohort_id, expires_on FROM keyring.cohort
 WHERE retention_class = :retention_class AND expires_on = ANY(:days) AND destroyed_by IS NULL AND NOT spent
   AND action = :action AND restricted = :restricted;

-- next_cohort_id --
-- A number for a new cohort.
SELECT nextval('keyring.cohort_id_seq');

-- insert_cohort --
-- A new cohort.
INSERT INTO keyring.cohort (cohort_id, retention_class, expires_on, action, restricted)
VALUES (:cohort_id, :retention_class, :expires_on, :action, :restricted);

-- generation --
-- One generation.
SELECT generation, kms_key FROM keyring.generation WHERE generation = :generation;

-- cohorts --
-- Some cohorts.
SELECT cohort_id, retention_class, expires_on FROM keyring.cohort WHERE cohort_id = ANY(:cohorts) ORDER BY cohort_id;
