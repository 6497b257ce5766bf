-- adopt_rule --
-- A plan's first records: the class and rule that they lie under. Later ones of another rule do not change it.
INSERT INTO destruction.schedule_in_force (plan, retention_class, rule, since)
VALUES (:plan, :retention_class, :rule, :at)
ON CONFLICT DO NOTHING;

-- make_moving --
-- Records that are to be sealed again, and where they go. Another subject's key only where one is named.
CREATE TEMPORARY TABLE IF NOT EXISTS moving (record_id uuid NOT NULL, old_expires_on date NOT NULL,
                                             cohort_id integer NOT NULL, expires_on date NOT NULL, subject_id bigint)
ON COMMIT DROP;

-- empty_moving --
-- They have moved.
TRUNCATE moving;

-- analyze_moving --
-- Tell the planner how many; ids of records are not sampled, a sample would outlive them.
ANALYZE moving (old_expires_on, cohort_id, expires_on);

-- count_moving --
-- How many, from which days to which.
SELECT count(*) AS records, array_agg(DISTINCT old_expires_on) AS old_days, array_agg(DISTINCT expires_on) AS days
  FROM moving;

-- moving_records --
-- Those records, sealed. In the order of their subjects: so each page of keys is opened once.
SELECT r.record_id, m.old_expires_on, m.expires_on, r.subject_id, coalesce(m.subject_id, r.subject_id) AS new_subject,
       r.cohort_id AS old_cohort, m.cohort_id, r.schema_version, r.part_1, r.part_2, r.part_3, r.part_4, r.part_5
  FROM moving m JOIN vault.record r ON r.record_id = m.record_id AND r.expires_on = m.old_expires_on
 WHERE r.expires_on = ANY(:days)
 ORDER BY r.subject_id;

-- make_moved --
-- Records that are sealed again.
CREATE TEMPORARY TABLE IF NOT EXISTS moved (record_id uuid NOT NULL, old_expires_on date NOT NULL,
                                            expires_on date NOT NULL, old_cohort integer NOT NULL,
                                            cohort_id integer NOT NULL, subject_id bigint NOT NULL, part_1 bytea,
                                            part_2 bytea, part_3 bytea, part_4 bytea, part_5 bytea)
ON COMMIT DROP;

-- empty_moved --
-- Those of an earlier move of this transaction.
TRUNCATE moved;

-- copy_moved --
-- Records sealed again, in.
COPY moved (record_id, old_expires_on, expires_on, old_cohort, cohort_id, subject_id, part_1, part_2, part_3, part_4,
            part_5) FROM STDIN (FORMAT binary)

-- analyze_moved --
-- Tell the planner how many.
ANALYZE moved (old_expires_on, expires_on, old_cohort, cohort_id, subject_id);

-- move_records --
-- Put them in the place of what they were.
UPDATE vault.record r
   SET expires_on = m.expires_on, cohort_id = m.cohort_id, subject_id = m.subject_id, part_1 = m.part_1,
       part_2 = m.part_2, part_3 = m.part_3, part_4 = m.part_4, part_5 = m.part_5
  FROM moved m
 WHERE r.record_id = m.record_id AND r.expires_on = m.old_expires_on AND r.expires_on = ANY(:days);

-- keep_moved_subjects --
-- A subject lives as long as its last record.
UPDATE vault.subject s SET expires_on = m.expires_on
  FROM (SELECT subject_id, max(expires_on) AS expires_on FROM moved GROUP BY subject_id) m
 WHERE s.subject_id = m.subject_id AND s.expires_on < m.expires_on;

-- keep_moved_indexes --
-- So do the identifiers that a moved record may support: an identifier that it supports was to live as long as it.
UPDATE vault.blind_index b SET expires_on = m.expires_on
  FROM (SELECT subject_id, max(expires_on) AS expires_on, min(old_expires_on) AS old_expires_on
          FROM moved GROUP BY subject_id) m
 WHERE b.subject_id = m.subject_id AND b.expires_on < m.expires_on AND b.expires_on >= m.old_expires_on;

-- make_passages --
-- From which cohort records passed to which, and for which day.
CREATE TEMPORARY TABLE IF NOT EXISTS passages (old_cohort integer, cohort_id integer, expires_on date) ON COMMIT DROP;

-- empty_passages --
-- Those of an earlier move of this transaction.
TRUNCATE passages;

-- passages_of_moved --
-- Those of records.
INSERT INTO passages SELECT old_cohort, cohort_id, min(expires_on) FROM moved WHERE old_cohort <> cohort_id GROUP BY 1, 2;

-- note_left_cohorts --
-- What was sealed under a cohort's key, however long ago, and is due earlier than the cohort: then that key has to go.
UPDATE keyring.cohort c SET left_on = least(c.left_on, m.expires_on)
  FROM (SELECT x.cohort_id, min(p.expires_on) AS expires_on
          FROM passages p JOIN keyring.cohort o ON o.cohort_id = p.old_cohort
         CROSS JOIN LATERAL unnest(o.came_from || o.cohort_id) AS x(cohort_id) GROUP BY 1) m
 WHERE c.cohort_id = m.cohort_id AND m.expires_on < c.expires_on AND c.destroyed_by IS NULL AND NOT c.spent;

-- note_guests --
-- Where the records of a cohort lay before: what leaves it again takes those keys with it too.
UPDATE keyring.cohort c
   SET came_from = ARRAY(SELECT a.cohort_id FROM keyring.cohort a
                          WHERE a.cohort_id = ANY(c.came_from || m.guests) AND a.cohort_id <> c.cohort_id
                            AND a.destroyed_by IS NULL ORDER BY 1)
  FROM (SELECT p.cohort_id, array_agg(DISTINCT x.guest) AS guests
          FROM passages p JOIN keyring.cohort o ON o.cohort_id = p.old_cohort
         CROSS JOIN LATERAL unnest(o.came_from || o.cohort_id) AS x(guest) GROUP BY 1) m
 WHERE c.cohort_id = m.cohort_id;

-- renew_cohorts --
-- Close some cohorts, and open one like each.
WITH closed AS (
  UPDATE keyring.cohort SET spent = true
   WHERE cohort_id = ANY(:cohorts) AND destroyed_by IS NULL AND NOT spent
  RETURNING cohort_id, retention_class, expires_on, action, restricted
), numbered AS (
  SELECT *, CAST(nextval('keyring.cohort_id_seq') AS integer) AS fresh_id FROM closed
), opened AS (
  INSERT INTO keyring.cohort (cohort_id, retention_class, expires_on, action, restricted)
  SELECT fresh_id, retention_class, expires_on, action, restricted FROM numbered
)
SELECT cohort_id, fresh_id FROM numbered;

-- unsettled --
-- What has to be settled before the due are listed: cohorts that are not destroyed on their day, cohorts that outlived a
-- record that left them, and holds.
SELECT ARRAY(SELECT c.cohort_id FROM keyring.cohort c
              WHERE c.expires_on <= :as_of AND c.destroyed_by IS NULL AND NOT c.spent AND c.action <> 'destroy') AS reviews,
       ARRAY(SELECT DISTINCT c.expires_on FROM keyring.cohort c
              WHERE c.expires_on <= :as_of AND c.destroyed_by IS NULL AND NOT c.spent AND c.action <> 'destroy') AS days,
       ARRAY(SELECT c.cohort_id FROM keyring.cohort c
              WHERE c.left_on <= :as_of AND c.expires_on > :as_of AND c.destroyed_by IS NULL AND NOT c.spent) AS outlived,
       EXISTS (SELECT FROM destruction.hold WHERE released_at IS NULL) AS holds,
       EXISTS (SELECT FROM destruction.hold WHERE released_at IS NULL AND plan IS NOT NULL) AS plan_holds;

-- spend_cohorts --
-- Everything in these cohorts moves out: nothing comes in any more.
UPDATE keyring.cohort SET spent = true WHERE cohort_id = ANY(:cohorts);

-- held_facts --
-- Records in some cohorts whose subject is under a legal hold.
SELECT f.* FROM destruction.record_facts f
 WHERE f.expires_on = ANY(:days) AND f.cohort_id = ANY(:cohorts)
   AND f.subject_id IN (SELECT h.subject_id FROM destruction.hold h
                         WHERE h.released_at IS NULL AND h.subject_id IS NOT NULL);

-- plan_held_facts --
-- Records in some cohorts whose plan is under a legal hold, and their subject is not.
SELECT f.* FROM destruction.record_facts f
 WHERE f.expires_on = ANY(:days) AND f.cohort_id = ANY(:cohorts)
   AND f.plan IN (SELECT h.plan FROM destruction.hold h WHERE h.released_at IS NULL)
   AND NOT EXISTS (SELECT FROM destruction.hold h WHERE h.subject_id = f.subject_id AND h.released_at IS NULL);

-- facts_of_cohorts --
-- All records in some cohorts.
SELECT f.* FROM destruction.record_facts f WHERE f.expires_on = ANY(:days) AND f.cohort_id = ANY(:cohorts);

-- classes_in_force --
-- The class and rule under which each plan's records lie.
SELECT plan, retention_class, rule FROM destruction.schedule_in_force;

-- copy_moving --
-- Records on their way, in.
COPY moving (record_id, old_expires_on, cohort_id, expires_on) FROM STDIN (FORMAT binary)

-- move_renewed --
-- What stays in some cohorts goes to fresh ones of the same day.
INSERT INTO moving (record_id, old_expires_on, cohort_id, expires_on)
SELECT r.record_id, r.expires_on, f.fresh_id, r.expires_on
  FROM vault.record r
  JOIN unnest(CAST(:cohorts AS integer[]), CAST(:fresh AS integer[])) AS f(cohort_id, fresh_id) USING (cohort_id)
 WHERE r.expires_on = ANY(:days) AND r.cohort_id = ANY(:cohorts);

-- make_moving_quarantined --
-- Likewise of quarantined rows: on their way, and sealed again.
CREATE TEMPORARY TABLE IF NOT EXISTS moving_quarantined (record_id uuid NOT NULL, cohort_id integer NOT NULL,
                                                         expires_on date NOT NULL, sealed bytea)
ON COMMIT DROP;

-- empty_moving_quarantined --
-- They have moved.
TRUNCATE moving_quarantined;

-- quarantine_facts --
-- Quarantined rows in some cohorts, and until when a hold of their plan is to be looked at.
SELECT q.record_id, (SELECT max(h.review_on) FROM destruction.hold h
                      WHERE h.plan = b.plan AND h.released_at IS NULL) AS held_until
  FROM quality.quarantine q JOIN vault.batch b USING (batch_id)
 WHERE q.cohort_id = ANY(:cohorts);

-- copy_moving_quarantined --
-- Quarantined rows on their way, in.
COPY moving_quarantined (record_id, cohort_id, expires_on) FROM STDIN (FORMAT binary)

-- move_renewed_quarantine --
-- What stays in some cohorts goes to fresh ones of the same day.
INSERT INTO moving_quarantined (record_id, cohort_id, expires_on)
SELECT q.record_id, f.fresh_id, q.expires_on
  FROM quality.quarantine q
  JOIN unnest(CAST(:cohorts AS integer[]), CAST(:fresh AS integer[])) AS f(cohort_id, fresh_id) USING (cohort_id)
 WHERE q.expires_on = ANY(:days);

-- moving_quarantined_rows --
-- Those rows, sealed.
SELECT q.record_id, q.holder_id, q.cohort_id AS old_cohort, q.schema_version, q.sealed, m.cohort_id, m.expires_on
  FROM moving_quarantined m JOIN quality.quarantine q USING (record_id) WHERE m.sealed IS NULL;

-- copy_moved_quarantined --
-- Those rows sealed again, in.
COPY moving_quarantined (record_id, cohort_id, expires_on, sealed) FROM STDIN (FORMAT binary)

-- passages_of_quarantined --
-- From which cohort quarantined rows pass to which.
INSERT INTO passages
SELECT q.cohort_id, n.cohort_id, min(n.expires_on)
  FROM moving_quarantined n JOIN quality.quarantine q USING (record_id) WHERE n.cohort_id <> q.cohort_id GROUP BY 1, 2;

-- move_quarantined --
-- Put them in the place of what they were.
UPDATE quality.quarantine q SET cohort_id = m.cohort_id, expires_on = m.expires_on, sealed = m.sealed
  FROM moving_quarantined m WHERE q.record_id = m.record_id AND m.sealed IS NOT NULL;

-- insert_hold --
-- A legal hold begins: of one subject, or of one plan.
INSERT INTO destruction.hold (hold_id, subject_id, plan, reason, owner, review_on, added_at)
VALUES (:hold_id, :subject_id, :plan, :reason, :owner, :review_on, :at);

-- release_hold --
-- A legal hold ends.
UPDATE destruction.hold SET released_at = :at, released_by = :by WHERE hold_id = :hold_id AND released_at IS NULL
RETURNING subject_id, plan;

-- hold_cohorts --
-- The cohorts of what legal holds keep past its day.
SELECT cohort_id, expires_on FROM keyring.cohort
 WHERE retention_class = 'HOLD' AND destroyed_by IS NULL AND NOT spent;

-- freed_facts --
-- Records that a hold of one subject or one plan kept and that no other protects.
SELECT f.* FROM destruction.record_facts f
 WHERE f.expires_on = ANY(:days) AND f.cohort_id = ANY(:cohorts) AND f.held_until IS NULL
   AND (f.subject_id = CAST(:subject_id AS bigint) OR f.plan = CAST(:plan AS text));

-- make_touched --
-- Subjects whose records moved.
CREATE TEMPORARY TABLE IF NOT EXISTS touched (subject_id bigint PRIMARY KEY) ON COMMIT DROP;

-- make_shown --
-- The identifiers that their records show.
CREATE TEMPORARY TABLE IF NOT EXISTS shown (kind text, digest uuid, subject_id bigint, expires_on date) ON COMMIT DROP;

-- touch_moved --
-- The subjects whose records moved.
INSERT INTO touched SELECT DISTINCT subject_id FROM moved;

-- analyze_touched --
-- Tell the planner how many.
ANALYZE touched;

-- recount_subjects --
-- A subject lives as long as its last record, and no longer.
UPDATE vault.subject s SET expires_on = m.expires_on
  FROM (SELECT r.subject_id, max(r.expires_on) AS expires_on
          FROM touched t JOIN vault.record r USING (subject_id) GROUP BY r.subject_id) m
 WHERE s.subject_id = m.subject_id AND s.expires_on <> m.expires_on;

-- spare_touched --
-- Whoever has a record of a plan that is gone keeps all identifiers.
DELETE FROM touched t
 WHERE EXISTS (SELECT FROM vault.record r JOIN vault.batch b USING (batch_id)
                WHERE r.subject_id = t.subject_id AND b.plan <> ALL(:plans));

-- records_of_touched --
-- All records of those subjects, sealed. In the order of the subjects: so each page of keys is opened once.
SELECT r.record_id, r.expires_on, r.subject_id, r.cohort_id, r.schema_version, b.plan, r.part_1, r.part_2, r.part_3,
       r.part_4, r.part_5
  FROM touched t JOIN vault.record r USING (subject_id) JOIN vault.batch b USING (batch_id)
 ORDER BY r.subject_id;

-- copy_shown --
-- Identifiers that records show, in.
COPY shown (kind, digest, subject_id, expires_on) FROM STDIN (FORMAT binary)

-- recount_indexes --
-- An identifier lives as long as the last record that shows it; one that none shows goes with the next destruction.
UPDATE vault.blind_index b SET expires_on = coalesce(m.expires_on, least(b.expires_on, :on))
  FROM touched t JOIN vault.blind_index i USING (subject_id)
  LEFT JOIN (SELECT kind, digest, subject_id, max(expires_on) AS expires_on FROM shown GROUP BY 1, 2, 3) m
    ON m.subject_id = i.subject_id AND m.digest = i.digest AND m.kind = i.kind
 WHERE b.subject_id = i.subject_id AND b.digest = i.digest AND b.kind = i.kind
   AND b.expires_on <> coalesce(m.expires_on, least(b.expires_on, :on));

-- drop_touched --
-- They are done.
TRUNCATE touched, shown;

-- insert_event --
-- Something happened to a data subject.
INSERT INTO destruction.event (event_id, subject_id, plan, kind, on_day, recorded_at, entry)
VALUES (:event_id, :subject_id, :plan, :kind, :on_day, :at, :entry);

-- facts_of_subject --
-- All records of one subject.
SELECT f.* FROM destruction.record_facts f WHERE f.subject_id = :subject_id ORDER BY f.record_id;

-- months_of_cohorts --
-- The months in which records may lie.
SELECT DISTINCT CAST(date_trunc('month', expires_on) AS date) AS month FROM keyring.cohort
 WHERE destroyed_by IS NULL AND NOT spent ORDER BY 1;

-- facts_of_month --
-- Records of some plans that are due in one month, in order.
SELECT f.* FROM destruction.record_facts f
 WHERE f.expires_on >= CAST(:month AS date) AND f.expires_on < CAST(CAST(:month AS date) + interval '1 month' AS date)
   AND f.plan = ANY(:plans) AND f.record_id > :after
 ORDER BY f.record_id LIMIT :count;

-- put_rule_in_force --
-- All records of a plan lie under this class and rule.
UPDATE destruction.schedule_in_force SET retention_class = :retention_class, rule = :rule, since = :at
 WHERE plan = :plan;

-- adopt_plan --
-- A plan whose records came in before anybody remembered their rule.
INSERT INTO destruction.schedule_in_force (plan, retention_class, rule, since)
SELECT :plan, :retention_class, :rule, :at WHERE EXISTS (SELECT FROM vault.batch b WHERE b.plan = :plan)
ON CONFLICT DO NOTHING;

-- holds --
-- Legal holds, with the code of whom they protect; the released ones too where they are asked for.
SELECT h.hold_id AS hold, s.code AS subject, h.plan, h.reason, h.owner, h.review_on, h.added_at, h.released_at,
       h.released_by
  FROM destruction.hold h LEFT JOIN vault.subject s USING (subject_id)
 WHERE h.released_at IS NULL OR :released
 ORDER BY h.released_at IS NOT NULL, h.review_on, h.hold_id;
