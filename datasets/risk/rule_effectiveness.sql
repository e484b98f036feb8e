-- title = "Effectiveness of rules"
-- description = "How often each rule hit and what inspections of those declarations found, by month of acceptance, against all inspected declarations that were decided in the month. Each declaration counts once, with its newest decision; a rule that hits nothing has no row."
-- owner = "risk-management"
-- refresh = "daily"
-- increment = "month"
-- unique = ["month", "rule_id"]
--
-- [fresh]
-- table = "decision"
-- days = 3
--
-- [columns.month]
-- description = "Calendar month of acceptance, CCYY-MM"
-- is_required = true
-- [columns.rule_id]
-- description = "Rule that hit"
-- is_required = true
-- [columns.hit_declarations]
-- description = "Declarations that the rule hit"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e12]
-- [columns.selected_declarations]
-- description = "Those on a work list"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.held_declarations]
-- description = "Those that a rule holds until it is settled"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.inspected_declarations]
-- description = "Those with a recorded result of an inspection"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.discrepancy_declarations]
-- description = "Those of which an inspection recorded a discrepancy"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.hit_rate]
-- description = "Share of the inspected declarations with a discrepancy; absent where none was inspected"
-- unit = "1"
-- range = [0.0, 1.0]
-- [columns.month_hit_rate]
-- description = "The same share over all decided declarations of the month, whether the rule hit or not"
-- unit = "1"
-- range = [0.0, 1.0]
-- [columns.lift]
-- description = "Hit rate over that of the month: below 1 the rule points away from discrepancies; few inspections prove nothing"
-- unit = "1"
-- range = [0.0, 1e6]
WITH decided AS (
  SELECT month, declaration_id, rules, is_selected, is_held
  FROM (
    SELECT month, declaration_id, rules, is_selected, is_held,
      row_number() OVER (PARTITION BY month, declaration_id ORDER BY version_number DESC, run_number DESC) AS place
    FROM decision
  ) v
  WHERE place = 1
),
inspected AS (
  SELECT month, declaration_id, bool_or(result_code = 'discrepancy') AS is_discrepancy
  FROM inspection
  WHERE result_code IN ('conform', 'discrepancy')
  GROUP BY month, declaration_id
),
judged AS (
  SELECT d.month, d.declaration_id, d.rules, d.is_selected, d.is_held, i.is_discrepancy
  FROM decided d
  LEFT JOIN inspected i ON i.month = d.month AND i.declaration_id = d.declaration_id
),
total AS (
  SELECT month, CAST(count(*) FILTER (WHERE is_discrepancy) AS DOUBLE) / nullif(count(is_discrepancy), 0) AS month_hit_rate
  FROM judged
  GROUP BY month
),
hit AS (
  SELECT month, declaration_id, unnest(rules) AS rule_id, is_selected, is_held, is_discrepancy
  FROM judged
),
counted AS (
  SELECT month, rule_id, count(DISTINCT declaration_id) AS declarations,
    count(DISTINCT CASE WHEN is_selected THEN declaration_id END) AS selected,
    count(DISTINCT CASE WHEN is_held THEN declaration_id END) AS held,
    count(DISTINCT CASE WHEN is_discrepancy IS NOT NULL THEN declaration_id END) AS inspected,
    count(DISTINCT CASE WHEN is_discrepancy THEN declaration_id END) AS discrepancy
  FROM hit
  GROUP BY month, rule_id
)
SELECT
  c.month AS month,
  c.rule_id AS rule_id,
  CAST(c.declarations AS BIGINT) AS hit_declarations,
  CAST(c.selected AS BIGINT) AS selected_declarations,
  CAST(c.held AS BIGINT) AS held_declarations,
  CAST(c.inspected AS BIGINT) AS inspected_declarations,
  CAST(c.discrepancy AS BIGINT) AS discrepancy_declarations,
  CAST(c.discrepancy AS DOUBLE) / nullif(c.inspected, 0) AS hit_rate,
  t.month_hit_rate AS month_hit_rate,
  CAST(c.discrepancy AS DOUBLE) / nullif(c.inspected, 0) / nullif(t.month_hit_rate, 0.0) AS lift
FROM counted c
JOIN total t ON t.month = c.month
