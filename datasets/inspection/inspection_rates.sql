-- title = "Inspection and hit rates"
-- description = "Declarations, selections, inspections and discrepancies by month of acceptance, office and grade of the importer. The inspection rate is inspected over declared, the hit rate is inspections with a discrepancy over inspections; each declaration counts once, with its newest version."
-- owner = "risk-management"
-- refresh = "daily"
-- increment = "month"
-- unique = ["month", "office_id", "grade_code"]
--
-- [fresh]
-- table = "decision"
-- days = 3
--
-- [columns.month]
-- description = "Calendar month of acceptance, CCYY-MM"
-- is_required = true
-- [columns.office_id]
-- description = "Office of declaration; empty when not stated"
-- is_required = true
-- [columns.grade_code]
-- description = "Grade of the importer on the day of the decision; unknown when not registered, undecided where this platform has taken no decision"
-- is_required = true
-- [columns.declarations]
-- description = "Declarations"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e12]
-- [columns.selected_declarations]
-- description = "Declarations on a work list by the newest decision"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.inspected_declarations]
-- description = "Declarations with a recorded result of an inspection, whoever ordered it"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.selected_inspected_declarations]
-- description = "Declarations both on a work list and with a recorded result"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.discrepancy_declarations]
-- description = "Declarations of which an inspection recorded a discrepancy"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.selection_rate]
-- description = "Share of the declarations that is on a work list; absent where nothing was decided"
-- unit = "1"
-- range = [0.0, 1.0]
-- [columns.inspection_rate]
-- description = "Share of the declarations that has a recorded result"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1.0]
-- drift = 0.5
-- [columns.hit_rate]
-- description = "Share of the inspected declarations with a discrepancy; absent where none was inspected"
-- unit = "1"
-- range = [0.0, 1.0]
-- drift = 0.5
WITH newest AS (
  SELECT month, declaration_id, office_id
  FROM (
    SELECT month, declaration_id, office_id,
      row_number() OVER (PARTITION BY month, declaration_id ORDER BY version_number DESC) AS place
    FROM declaration
  ) v
  WHERE place = 1
),
decided AS (
  SELECT month, declaration_id,
    last_value(grade_code ORDER BY version_number, run_number) AS grade_code,
    last_value(is_selected ORDER BY version_number, run_number) AS is_selected
  FROM decision
  GROUP BY month, declaration_id
),
inspected AS (
  SELECT month, declaration_id, bool_or(result_code = 'discrepancy') AS is_discrepancy
  FROM inspection
  WHERE result_code IN ('conform', 'discrepancy')
  GROUP BY month, declaration_id
),
counted AS (
  SELECT n.month, coalesce(n.office_id, '') AS office_id, coalesce(d.grade_code, 'undecided') AS grade_code,
    count(*) AS declarations,
    count(d.declaration_id) AS decided,
    count(*) FILTER (WHERE d.is_selected) AS selected,
    count(i.declaration_id) AS inspected,
    count(i.declaration_id) FILTER (WHERE d.is_selected) AS selected_inspected,
    count(*) FILTER (WHERE i.is_discrepancy) AS discrepancy
  FROM newest n
  LEFT JOIN decided d ON d.month = n.month AND d.declaration_id = n.declaration_id
  LEFT JOIN inspected i ON i.month = n.month AND i.declaration_id = n.declaration_id
  GROUP BY n.month, coalesce(n.office_id, ''), coalesce(d.grade_code, 'undecided')
)
SELECT
  month AS month,
  office_id AS office_id,
  grade_code AS grade_code,
  CAST(declarations AS BIGINT) AS declarations,
  CAST(selected AS BIGINT) AS selected_declarations,
  CAST(inspected AS BIGINT) AS inspected_declarations,
  CAST(selected_inspected AS BIGINT) AS selected_inspected_declarations,
  CAST(discrepancy AS BIGINT) AS discrepancy_declarations,
  CAST(selected AS DOUBLE) / nullif(decided, 0) AS selection_rate,
  CAST(inspected AS DOUBLE) / declarations AS inspection_rate,
  CAST(discrepancy AS DOUBLE) / nullif(inspected, 0) AS hit_rate
FROM counted
