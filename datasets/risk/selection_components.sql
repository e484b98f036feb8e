-- title = "Parts of the selection"
-- description = "How consignments came to be inspected, by month of acceptance, office and the part of the inclusion probability that the draw fell into: counts, mean probabilities, and what inspections found. Candidates should lie near what the inclusion probabilities expect, over all parts together; the probabilities after the cut are for weighing estimates, and their sum is no forecast of selections. Each declaration counts once, with its newest decision."
-- owner = "risk-management"
-- refresh = "daily"
-- increment = "month"
-- unique = ["month", "office_id", "component_code"]
--
-- [fresh]
-- table = "decision"
-- days = 3
--
-- [columns.month]
-- description = "Calendar month of acceptance, CCYY-MM"
-- is_required = true
-- [columns.office_id]
-- description = "Office whose work list it was decided for; empty when not stated"
-- is_required = true
-- [columns.component_code]
-- description = "mandatory, statutory, floor, exploration, model, or none"
-- is_required = true
-- [columns.declarations]
-- description = "Declarations decided"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e12]
-- [columns.candidates]
-- description = "Those whose draw fell below their inclusion probability"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.selected_declarations]
-- description = "Those on a work list"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.queued_declarations]
-- description = "Those of the selected that wait for a free slot"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.suppressed_declarations]
-- description = "Those that only the multiplier of the grade of the trader kept off the work list, as no candidates or by their rank"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.expected_candidates]
-- description = "Sum of the inclusion probabilities: what the law of the draw expects of candidates, over all parts of an office together"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.mean_inclusion_probability]
-- description = "Mean probability of becoming a candidate"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1.0]
-- [columns.mean_realised_probability]
-- description = "Mean probability after the cut of the work list, which estimates weigh by"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1.0]
-- [columns.inspected_declarations]
-- description = "Those of the selected with a recorded result of an inspection"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.discrepancy_declarations]
-- description = "Those of the selected of which an inspection recorded a discrepancy"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.hit_rate]
-- description = "Share of the inspected ones with a discrepancy; absent where none was inspected"
-- unit = "1"
-- range = [0.0, 1.0]
WITH decided AS (
  SELECT month, declaration_id, office_id, component_code, is_candidate, is_selected, is_queued, is_suppressed,
    CAST(inclusion_probability AS DECIMAL(18, 15)) AS inclusion, CAST(realised_probability AS DECIMAL(18, 15)) AS realised
  FROM (
    SELECT month, declaration_id, coalesce(office_id, '') AS office_id, component_code, is_candidate, is_selected, is_queued,
      is_suppressed, inclusion_probability, realised_probability,
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
)
SELECT
  d.month AS month,
  d.office_id AS office_id,
  d.component_code AS component_code,
  CAST(count(*) AS BIGINT) AS declarations,
  CAST(count(*) FILTER (WHERE d.is_candidate) AS BIGINT) AS candidates,
  CAST(count(*) FILTER (WHERE d.is_selected) AS BIGINT) AS selected_declarations,
  CAST(count(*) FILTER (WHERE d.is_queued) AS BIGINT) AS queued_declarations,
  CAST(count(*) FILTER (WHERE d.is_suppressed) AS BIGINT) AS suppressed_declarations,
  CAST(sum(d.inclusion) AS DOUBLE) AS expected_candidates,
  CAST(sum(d.inclusion) AS DOUBLE) / count(*) AS mean_inclusion_probability,
  CAST(sum(d.realised) AS DOUBLE) / count(*) AS mean_realised_probability,
  CAST(count(*) FILTER (WHERE d.is_selected AND i.is_discrepancy IS NOT NULL) AS BIGINT) AS inspected_declarations,
  CAST(count(*) FILTER (WHERE d.is_selected AND i.is_discrepancy) AS BIGINT) AS discrepancy_declarations,
  CAST(count(*) FILTER (WHERE d.is_selected AND i.is_discrepancy) AS DOUBLE)
    / nullif(count(*) FILTER (WHERE d.is_selected AND i.is_discrepancy IS NOT NULL), 0) AS hit_rate
FROM decided d
LEFT JOIN inspected i ON i.month = d.month AND i.declaration_id = d.declaration_id
GROUP BY d.month, d.office_id, d.component_code
