-- title = "Warnings and remarks on accepted records"
-- description = "What was noticed about records that were accepted, by month of acceptance, load, code and severity, with how much of the load it concerns. Records that could not be accepted are in the data set of quarantined records."
-- owner = "data-management"
-- refresh = "daily"
-- increment = "month"
-- unique = ["month", "load_id", "finding_code", "severity_code"]
--
-- [columns.month]
-- description = "Calendar month of acceptance, CCYY-MM"
-- is_required = true
-- [columns.load_id]
-- description = "Load that brought the records"
-- is_required = true
-- [columns.finding_code]
-- description = "Stable code of the finding"
-- is_required = true
-- [columns.severity_code]
-- description = "info, warning or error"
-- is_required = true
-- [columns.findings]
-- description = "Findings"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e12]
-- [columns.records_with_finding]
-- description = "Records with such a finding"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e12]
-- [columns.declaration_versions]
-- description = "Versions of declarations that the load brought for the month; none where it brought other records"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.finding_rate]
-- description = "Records with such a finding over versions of declarations; absent where the load brought no declarations"
-- unit = "1"
-- range = [0.0, 1.0]
WITH finding AS (
  SELECT month, load_id, code, severity_code, count(*) AS findings, count(DISTINCT source_row) AS records
  FROM data_finding
  GROUP BY month, load_id, code, severity_code
),
loaded AS (
  SELECT month, load_id, count(*) AS versions
  FROM declaration
  GROUP BY month, load_id
)
SELECT
  f.month AS month,
  f.load_id AS load_id,
  f.code AS finding_code,
  f.severity_code AS severity_code,
  CAST(f.findings AS BIGINT) AS findings,
  CAST(f.records AS BIGINT) AS records_with_finding,
  CAST(coalesce(l.versions, 0) AS BIGINT) AS declaration_versions,
  CAST(f.records AS DOUBLE) / l.versions AS finding_rate
FROM finding f
LEFT JOIN loaded l ON l.month = f.month AND l.load_id = f.load_id
