-- Retention: events, actions and restriction of cohorts, holds of whole plans. What older records count from is the day of
-- their batch, the one that is known.

ALTER TABLE vault.record ADD COLUMN collected_on date, ADD COLUMN active_on date;
UPDATE vault.record r SET collected_on = (b.at AT TIME ZONE INTERVAL '+08:00')::date
  FROM vault.batch b WHERE b.batch_id = r.batch_id;
ALTER TABLE vault.record ALTER COLUMN collected_on SET NOT NULL;
GRANT UPDATE (subject_id) ON vault.record TO tutela_destroy;
GRANT UPDATE (cohort_id, expires_on) ON quality.quarantine TO tutela_destroy;

ALTER TABLE keyring.cohort
  ADD COLUMN action text NOT NULL DEFAULT 'destroy' CHECK (action IN ('destroy', 'restrict', 'review')),
  ADD COLUMN restricted boolean NOT NULL DEFAULT false,
  ADD COLUMN left_on date,
  ADD COLUMN spent boolean NOT NULL DEFAULT false,
  ADD COLUMN came_from integer[] NOT NULL DEFAULT '{}';
UPDATE keyring.cohort SET action = 'review', restricted = true WHERE retention_class = 'HOLD' AND destroyed_by IS NULL;
DROP INDEX keyring.cohort_open;
CREATE UNIQUE INDEX cohort_open ON keyring.cohort (retention_class, expires_on, action, restricted)
 WHERE destroyed_by IS NULL AND NOT spent;
CREATE INDEX cohort_left ON keyring.cohort (left_on) WHERE destroyed_by IS NULL AND left_on IS NOT NULL;
CREATE INDEX cohort_spent ON keyring.cohort (cohort_id) WHERE destroyed_by IS NULL AND spent;

ALTER TABLE destruction.hold ALTER COLUMN subject_id DROP NOT NULL;
ALTER TABLE destruction.hold ADD COLUMN plan text, ADD CHECK (num_nonnulls(subject_id, plan) = 1);
CREATE INDEX hold_of_plan ON destruction.hold (plan) WHERE released_at IS NULL AND plan IS NOT NULL;

-- What happened to a data subject, as far as retention counts from it. Append-only: the last one recorded counts.
CREATE TABLE destruction.event (
  event_id     text PRIMARY KEY,
  subject_id   bigint NOT NULL,
  plan         text,                             -- NULL: whatever plan
  kind         text NOT NULL CHECK (kind IN ('relationship_end', 'consent_end', 'activity')),
  on_day       date,                             -- NULL: it has not happened after all
  recorded_at  timestamptz NOT NULL,
  entry        bigint NOT NULL,                  -- its place in the ledger
  CHECK (on_day IS NOT NULL OR kind = 'relationship_end')
);
CREATE INDEX event_by_subject ON destruction.event (subject_id);
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON destruction.event
  FOR EACH STATEMENT EXECUTE FUNCTION tutela.refuse_change();

-- The class and rule under which each plan's records lie in their cohorts; another one in the policy moves them.
CREATE TABLE destruction.schedule_in_force (
  plan             text PRIMARY KEY,
  retention_class  text NOT NULL,
  rule             text NOT NULL,                -- hash of all that a decision depends on
  since            timestamptz NOT NULL
);

-- What a decision about a record depends on. An event counts for what was collected up to its day; the end of consent
-- for consent that was given before it was recorded. The rights of the owner: who may read this sees no receipts.
CREATE VIEW destruction.record_facts AS
SELECT r.record_id, r.expires_on, r.cohort_id, r.subject_id, b.plan, c.retention_class, c.action, c.restricted,
       r.collected_on, greatest(r.active_on, e.active_on) AS active_on, e.relationship_end, e.consent_end,
       g.valid_until + 1 AS consent_until, h.held_until
  FROM vault.record r
  JOIN vault.batch b USING (batch_id)
  JOIN keyring.cohort c USING (cohort_id)
  LEFT JOIN consent.receipt g ON g.receipt_id = r.record_id AND g.action = 'given'
  LEFT JOIN LATERAL (
    SELECT max(v.on_day) FILTER (WHERE v.kind = 'activity') AS active_on,
           (array_agg(v.on_day ORDER BY v.entry DESC) FILTER (WHERE v.kind = 'relationship_end'))[1] AS relationship_end,
           min(v.on_day) FILTER (WHERE v.kind = 'consent_end' AND (g.at IS NULL OR g.at <= v.recorded_at)) AS consent_end
      FROM destruction.event v
     WHERE v.subject_id = r.subject_id AND (v.plan IS NULL OR v.plan = b.plan)
       AND (v.on_day IS NULL OR v.on_day >= r.collected_on)) e ON true
  LEFT JOIN LATERAL (
    SELECT max(u.review_on) AS held_until
      FROM (SELECT s.review_on FROM destruction.hold s WHERE s.subject_id = r.subject_id AND s.released_at IS NULL
            UNION ALL
            SELECT p.review_on FROM destruction.hold p WHERE p.plan = b.plan AND p.released_at IS NULL) u) h ON true;

-- What may be used: neither restricted nor destroyed. Whoever reads records in order to use them reads this, and has no
-- right to the table (docs/decisions/0011).
CREATE VIEW vault.usable_record WITH (security_barrier) AS
SELECT r.record_id, r.expires_on, r.cohort_id, r.subject_id, r.batch_id, r.schema_version, r.level,
       r.part_1, r.part_2, r.part_3, r.part_4, r.part_5, r.collected_on, r.active_on
  FROM vault.record r
 WHERE NOT EXISTS (SELECT FROM keyring.cohort c
                    WHERE c.cohort_id = r.cohort_id AND (c.restricted OR c.destroyed_by IS NOT NULL));

GRANT SELECT ON destruction.event, destruction.schedule_in_force, destruction.record_facts
   TO tutela_destroy, tutela_verify;
GRANT INSERT ON destruction.event TO tutela_destroy;
GRANT INSERT, UPDATE ON destruction.schedule_in_force TO tutela_destroy;
GRANT SELECT, INSERT ON destruction.schedule_in_force TO tutela_ingest;
GRANT SELECT ON destruction.event, destruction.schedule_in_force TO tutela_audit;
GRANT SELECT ON vault.usable_record TO tutela_verify;

GRANT SELECT ON destruction.event, destruction.schedule_in_force, destruction.record_facts, vault.usable_record
   TO tutela_backup;
