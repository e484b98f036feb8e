-- title = "Loads"
-- description = "One row for each load: the records it brought by kind, those set aside, and the months it is about. When a load ran and from which file is kept in the ledger, not in these tables."
-- owner = "data-management"
-- refresh = "daily"
-- unique = ["load_id"]
--
-- [fresh]
-- table = "declaration"
-- days = 3
--
-- [columns.load_id]
-- description = "Load"
-- is_required = true
-- [columns.first_month]
-- description = "First calendar month of acceptance among its records; absent where they belong to no month"
-- [columns.last_month]
-- description = "Last calendar month of acceptance among its records; absent where they belong to no month"
-- [columns.declaration_versions]
-- description = "Versions of declarations accepted"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.inspections]
-- description = "Results of inspections accepted, second inspections among them"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.treatment_events]
-- description = "Events of special packaging accepted"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.register_records]
-- description = "Records of enterprises and filings accepted"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.quarantined_records]
-- description = "Records set aside"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.quarantine_rate]
-- description = "Records set aside over records that stand for themselves: results that came in the same record as their declaration are not counted again"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1.0]
-- [columns.findings]
-- description = "Warnings and remarks on accepted records"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
WITH row_of AS (
  SELECT load_id, 'declaration' AS kind, min(month) AS first_month, max(month) AS last_month, count(*) AS records
  FROM declaration GROUP BY load_id
  UNION ALL
  SELECT load_id, 'inspection' AS kind, min(month) AS first_month, max(month) AS last_month, count(*) AS records
  FROM inspection GROUP BY load_id
  UNION ALL
  SELECT load_id, 'inspection' AS kind, min(month) AS first_month, max(month) AS last_month, count(*) AS records
  FROM reinspection GROUP BY load_id
  UNION ALL
  SELECT load_id, 'event' AS kind, min(month) AS first_month, max(month) AS last_month, count(*) AS records
  FROM treatment_event GROUP BY load_id
  UNION ALL
  SELECT load_id, 'register' AS kind, CAST(NULL AS VARCHAR) AS first_month, CAST(NULL AS VARCHAR) AS last_month, count(*) AS records
  FROM enterprise GROUP BY load_id
  UNION ALL
  SELECT load_id, 'register' AS kind, CAST(NULL AS VARCHAR) AS first_month, CAST(NULL AS VARCHAR) AS last_month, count(*) AS records
  FROM special_filing GROUP BY load_id
  UNION ALL
  SELECT load_id, 'quarantine' AS kind, CAST(NULL AS VARCHAR) AS first_month, CAST(NULL AS VARCHAR) AS last_month, count(*) AS records
  FROM quarantine GROUP BY load_id
  UNION ALL
  SELECT load_id, 'finding' AS kind, CAST(NULL AS VARCHAR) AS first_month, CAST(NULL AS VARCHAR) AS last_month, count(*) AS records
  FROM data_finding GROUP BY load_id
),
total AS (
  SELECT load_id, min(first_month) AS first_month, max(last_month) AS last_month,
    coalesce(sum(CASE WHEN kind = 'declaration' THEN records END), 0) AS versions,
    coalesce(sum(CASE WHEN kind = 'inspection' THEN records END), 0) AS inspections,
    coalesce(sum(CASE WHEN kind = 'event' THEN records END), 0) AS events,
    coalesce(sum(CASE WHEN kind = 'register' THEN records END), 0) AS register,
    coalesce(sum(CASE WHEN kind = 'quarantine' THEN records END), 0) AS quarantined,
    coalesce(sum(CASE WHEN kind = 'finding' THEN records END), 0) AS findings
  FROM row_of
  GROUP BY load_id
)
SELECT
  load_id AS load_id,
  first_month AS first_month,
  last_month AS last_month,
  CAST(versions AS BIGINT) AS declaration_versions,
  CAST(inspections AS BIGINT) AS inspections,
  CAST(events AS BIGINT) AS treatment_events,
  CAST(register AS BIGINT) AS register_records,
  CAST(quarantined AS BIGINT) AS quarantined_records,
  coalesce(CAST(quarantined AS DOUBLE) / nullif(quarantined + register + events
    + CASE WHEN versions > 0 THEN versions ELSE inspections END, 0), 0.0) AS quarantine_rate,
  CAST(findings AS BIGINT) AS findings
FROM total
