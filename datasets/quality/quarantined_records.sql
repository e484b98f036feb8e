-- title = "Quarantined records"
-- description = "Records that were set aside whole, by load, source, code and severity. A record with findings of several codes counts under each of them."
-- owner = "data-management"
-- refresh = "daily"
-- unique = ["load_id", "source_name", "finding_code", "severity_code"]
--
-- [columns.load_id]
-- description = "Load that brought the records"
-- is_required = true
-- [columns.source_name]
-- description = "File or stream the records came from; empty when not known"
-- is_required = true
-- [columns.finding_code]
-- description = "Stable code of the finding"
-- is_required = true
-- [columns.severity_code]
-- description = "info, warning or error"
-- is_required = true
-- [columns.quarantined_records]
-- description = "Records set aside with such a finding"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e12]
-- [columns.findings]
-- description = "Findings"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e12]
-- [columns.first_line_number]
-- description = "First line of the source with such a record, to look at; absent where the source has no lines"
-- range = [1.0, 1e12]
WITH finding AS (
  SELECT load_id, source_name, source_row, line_number, unnest(findings) AS finding
  FROM quarantine
),
line AS (
  SELECT load_id, coalesce(source_name, '') AS source_name, source_row, line_number, get_field(finding, 'code') AS code,
    get_field(finding, 'severity_code') AS severity_code
  FROM finding
)
SELECT
  load_id AS load_id,
  source_name AS source_name,
  code AS finding_code,
  severity_code AS severity_code,
  CAST(count(DISTINCT source_row) AS BIGINT) AS quarantined_records,
  CAST(count(*) AS BIGINT) AS findings,
  CAST(min(line_number) AS BIGINT) AS first_line_number
FROM line
GROUP BY load_id, source_name, code, severity_code
