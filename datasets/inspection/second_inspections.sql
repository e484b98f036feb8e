-- title = "Second inspections"
-- description = "What a reference team that knew nothing of the first result found where officers had inspected before, by month of acceptance and lane of the second inspection. Officers missed a discrepancy where only the second inspection records one."
-- owner = "risk-management"
-- refresh = "weekly"
-- increment = "month"
-- unique = ["month", "lane_code"]
--
-- [columns.month]
-- description = "Calendar month of acceptance, CCYY-MM"
-- is_required = true
-- [columns.lane_code]
-- description = "Lane of the second inspection; empty when not stated"
-- is_required = true
-- [columns.reinspected_declarations]
-- description = "Declarations with a result of both inspections"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e12]
-- [columns.agreed_declarations]
-- description = "Declarations of which both inspections say the same: conform or discrepancy"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.missed_declarations]
-- description = "Declarations with a discrepancy that the first inspection did not record"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.unconfirmed_declarations]
-- description = "Declarations with a discrepancy that the second inspection did not record"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.miss_rate]
-- description = "Share of the discrepancies of the second inspection that the first did not record; absent where it found none"
-- unit = "1"
-- range = [0.0, 1.0]
WITH first AS (
  SELECT month, declaration_id, bool_or(result_code = 'discrepancy') AS is_discrepancy
  FROM inspection
  WHERE result_code IN ('conform', 'discrepancy')
  GROUP BY month, declaration_id
),
second AS (
  SELECT month, declaration_id, bool_or(result_code = 'discrepancy') AS is_discrepancy,
    coalesce(last_value(lane_code ORDER BY recorded_at, lane_code), '') AS lane_code
  FROM reinspection
  WHERE result_code IN ('conform', 'discrepancy')
  GROUP BY month, declaration_id
)
SELECT
  s.month AS month,
  s.lane_code AS lane_code,
  CAST(count(*) AS BIGINT) AS reinspected_declarations,
  CAST(count(*) FILTER (WHERE f.is_discrepancy = s.is_discrepancy) AS BIGINT) AS agreed_declarations,
  CAST(count(*) FILTER (WHERE s.is_discrepancy AND NOT f.is_discrepancy) AS BIGINT) AS missed_declarations,
  CAST(count(*) FILTER (WHERE f.is_discrepancy AND NOT s.is_discrepancy) AS BIGINT) AS unconfirmed_declarations,
  CAST(count(*) FILTER (WHERE s.is_discrepancy AND NOT f.is_discrepancy) AS DOUBLE)
    / nullif(count(*) FILTER (WHERE s.is_discrepancy), 0) AS miss_rate
FROM second s
JOIN first f ON f.month = s.month AND f.declaration_id = s.declaration_id
GROUP BY s.month, s.lane_code
