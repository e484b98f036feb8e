-- title = "Benefits of certified enterprises"
-- description = "Inspection rates by month of acceptance and grade of the importer on the day of acceptance, against those of conventional enterprises. GACC Order 251, and Order 282 in its place since 1 April 2026 as the shipped selection policy has it, bound the average rate of advanced certified enterprises at 20 % of the conventional one, over groups and longer windows; a single month proves no breach. Grades come from the register as decisions read it, so that inspections from before this platform decided count too: a grade without a day holds from ever until the first one with a day, and of grades of one moment the one that was loaded last."
-- owner = "enterprise-management"
-- refresh = "daily"
-- unique = ["month", "grade_code"]
--
-- [fresh]
-- table = "declaration"
-- days = 3
--
-- [columns.month]
-- description = "Calendar month of acceptance, CCYY-MM"
-- is_required = true
-- [columns.grade_code]
-- description = "Credit grade in effect at acceptance; unknown when not registered or not yet graded"
-- is_required = true
-- [columns.importers]
-- description = "Importers with a declaration"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e9]
-- [columns.declarations]
-- description = "Declarations"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e12]
-- [columns.inspected_declarations]
-- description = "Declarations with a recorded result of an inspection"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.discrepancy_declarations]
-- description = "Declarations of which an inspection recorded a discrepancy"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.inspection_rate]
-- description = "Share of the declarations that has a recorded result"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1.0]
-- [columns.hit_rate]
-- description = "Share of the inspected declarations with a discrepancy; absent where none was inspected"
-- unit = "1"
-- range = [0.0, 1.0]
-- [columns.conventional_inspection_rate]
-- description = "Inspection rate of conventional enterprises in the same month; absent where there were none"
-- unit = "1"
-- range = [0.0, 1.0]
-- [columns.inspection_rate_ratio]
-- description = "Inspection rate over that of conventional enterprises; absent where none of those was inspected"
-- unit = "1"
-- range = [0.0, 1e6]
-- [columns.spared_inspections]
-- description = "Inspections that would have been done at the rate of conventional enterprises, less those that were done; negative where the grade is inspected more"
-- unit = "1"
WITH newest AS (
  SELECT month, declaration_id, importer_id, accepted_at
  FROM (
    SELECT month, declaration_id, importer_id, accepted_at,
      row_number() OVER (PARTITION BY month, declaration_id ORDER BY version_number DESC) AS place
    FROM declaration
  ) v
  WHERE place = 1
),
register AS (
  SELECT enterprise_id, grade_effective_at, last_value(grade_code ORDER BY loaded_at NULLS FIRST, load_id, source_row) AS grade_code
  FROM enterprise
  WHERE grade_code IS NOT NULL
  GROUP BY enterprise_id, grade_effective_at
),
grade AS (
  SELECT enterprise_id, grade_code, grade_effective_at AS graded_from,
    lead(grade_effective_at) OVER (PARTITION BY enterprise_id ORDER BY grade_effective_at NULLS FIRST) AS graded_until
  FROM register
),
inspected AS (
  SELECT month, declaration_id, bool_or(result_code = 'discrepancy') AS is_discrepancy
  FROM inspection
  WHERE result_code IN ('conform', 'discrepancy')
  GROUP BY month, declaration_id
),
counted AS (
  SELECT n.month, coalesce(g.grade_code, 'unknown') AS grade_code, count(DISTINCT n.importer_id) AS importers,
    count(*) AS declarations, count(i.declaration_id) AS inspected, count(*) FILTER (WHERE i.is_discrepancy) AS discrepancy
  FROM newest n
  LEFT JOIN grade g ON g.enterprise_id = n.importer_id AND (g.graded_from IS NULL OR g.graded_from <= n.accepted_at)
    AND (g.graded_until IS NULL OR g.graded_until > n.accepted_at)
  LEFT JOIN inspected i ON i.month = n.month AND i.declaration_id = n.declaration_id
  GROUP BY n.month, coalesce(g.grade_code, 'unknown')
),
rated AS (
  SELECT month, grade_code, importers, declarations, inspected, discrepancy,
    CAST(inspected AS DOUBLE) / declarations AS inspection_rate,
    max(CASE WHEN grade_code = 'conventional' THEN CAST(inspected AS DOUBLE) / declarations END)
      OVER (PARTITION BY month) AS conventional_rate
  FROM counted
)
SELECT
  month AS month,
  grade_code AS grade_code,
  CAST(importers AS BIGINT) AS importers,
  CAST(declarations AS BIGINT) AS declarations,
  CAST(inspected AS BIGINT) AS inspected_declarations,
  CAST(discrepancy AS BIGINT) AS discrepancy_declarations,
  inspection_rate AS inspection_rate,
  CAST(discrepancy AS DOUBLE) / nullif(inspected, 0) AS hit_rate,
  conventional_rate AS conventional_inspection_rate,
  inspection_rate / nullif(conventional_rate, 0.0) AS inspection_rate_ratio,
  declarations * conventional_rate - inspected AS spared_inspections
FROM rated
