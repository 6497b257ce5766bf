-- How much lies in each cohort, by plan: what is due tonight is told without counting records. Kept by the tables
-- themselves, whoever writes them; a month that is dropped as a whole (vault.drop_due_partition) tells it itself.

CREATE TABLE destruction.lying (
  cohort_id    integer NOT NULL,
  plan         text NOT NULL,
  records      bigint NOT NULL DEFAULT 0,
  quarantined  bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (cohort_id, plan)
);

CREATE FUNCTION destruction.count_records() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO destruction.lying AS l (cohort_id, plan, records)
    SELECT n.cohort_id, b.plan, sum(n.records)
      FROM (SELECT cohort_id, batch_id, count(*) AS records FROM now_there GROUP BY 1, 2) n
      JOIN vault.batch b USING (batch_id)
     GROUP BY 1, 2
        ON CONFLICT (cohort_id, plan) DO UPDATE SET records = l.records + excluded.records;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    UPDATE destruction.lying l SET records = l.records - gone.records
      FROM (SELECT n.cohort_id, b.plan, sum(n.records) AS records
              FROM (SELECT cohort_id, batch_id, count(*) AS records FROM then_there GROUP BY 1, 2) n
              JOIN vault.batch b USING (batch_id) GROUP BY 1, 2) gone
     WHERE l.cohort_id = gone.cohort_id AND l.plan = gone.plan;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER record_came AFTER INSERT ON vault.record REFERENCING NEW TABLE AS now_there
  FOR EACH STATEMENT EXECUTE FUNCTION destruction.count_records();
CREATE TRIGGER record_went AFTER DELETE ON vault.record REFERENCING OLD TABLE AS then_there
  FOR EACH STATEMENT EXECUTE FUNCTION destruction.count_records();
CREATE TRIGGER record_moved AFTER UPDATE ON vault.record REFERENCING OLD TABLE AS then_there NEW TABLE AS now_there
  FOR EACH STATEMENT EXECUTE FUNCTION destruction.count_records();

CREATE FUNCTION destruction.count_quarantined() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO destruction.lying AS l (cohort_id, plan, quarantined)
    SELECT n.cohort_id, b.plan, sum(n.quarantined)
      FROM (SELECT cohort_id, batch_id, count(*) AS quarantined FROM now_there GROUP BY 1, 2) n
      JOIN vault.batch b USING (batch_id)
     GROUP BY 1, 2
        ON CONFLICT (cohort_id, plan) DO UPDATE SET quarantined = l.quarantined + excluded.quarantined;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    UPDATE destruction.lying l SET quarantined = l.quarantined - gone.quarantined
      FROM (SELECT n.cohort_id, b.plan, sum(n.quarantined) AS quarantined
              FROM (SELECT cohort_id, batch_id, count(*) AS quarantined FROM then_there GROUP BY 1, 2) n
              JOIN vault.batch b USING (batch_id) GROUP BY 1, 2) gone
     WHERE l.cohort_id = gone.cohort_id AND l.plan = gone.plan;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER quarantined_came AFTER INSERT ON quality.quarantine REFERENCING NEW TABLE AS now_there
  FOR EACH STATEMENT EXECUTE FUNCTION destruction.count_quarantined();
CREATE TRIGGER quarantined_went AFTER DELETE ON quality.quarantine REFERENCING OLD TABLE AS then_there
  FOR EACH STATEMENT EXECUTE FUNCTION destruction.count_quarantined();
CREATE TRIGGER quarantined_moved AFTER UPDATE ON quality.quarantine
  REFERENCING OLD TABLE AS then_there NEW TABLE AS now_there
  FOR EACH STATEMENT EXECUTE FUNCTION destruction.count_quarantined();

-- The destructions as a list, newest first.
CREATE INDEX job_by_time ON destruction.job (created_at, job_id);

REVOKE EXECUTE ON FUNCTION destruction.count_records(), destruction.count_quarantined() FROM PUBLIC;
GRANT SELECT ON destruction.lying TO tutela_destroy, tutela_verify, tutela_audit;
GRANT SELECT ON destruction.lying TO tutela_backup;

-- What lay there before.
INSERT INTO destruction.lying (cohort_id, plan, records, quarantined)
SELECT n.cohort_id, b.plan, sum(n.records), sum(n.quarantined)
  FROM (SELECT cohort_id, batch_id, count(*) AS records, 0 AS quarantined FROM vault.record GROUP BY 1, 2
        UNION ALL
        SELECT cohort_id, batch_id, 0, count(*) FROM quality.quarantine GROUP BY 1, 2) n
  JOIN vault.batch b USING (batch_id)
 GROUP BY 1, 2;

-- A month that goes as a whole.
CREATE OR REPLACE FUNCTION vault.drop_due_partition(month date, cohorts integer[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  name    text := format('record_%s', to_char(month, 'YYYYMM'));
  records bigint;
  others  bigint;
BEGIN
  IF to_regclass(format('vault.%I', name)) IS NULL THEN RETURN NULL; END IF;
  EXECUTE format('SELECT count(*), count(*) FILTER (WHERE cohort_id <> ALL ($1)) FROM vault.%I', name)
     INTO records, others USING cohorts;
  IF others > 0 THEN RETURN NULL; END IF;
  EXECUTE format('DROP TABLE vault.%I', name);
  -- A dropped table fires no trigger: what lay in it is taken off here.
  UPDATE destruction.lying l SET records = 0
    FROM keyring.cohort c
   WHERE c.cohort_id = l.cohort_id AND l.cohort_id = ANY (cohorts)
     AND c.expires_on >= date_trunc('month', month) AND c.expires_on < date_trunc('month', month) + interval '1 month';
  RETURN records;
END $$;
