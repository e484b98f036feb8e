-- title = "Special packaging"
-- description = "Where selected consignments are opened and what became of those that are opened at their destination, by month of acceptance, treatment and reason. The hit rates tell whether special packaging hides more than goods opened at the port; few openings prove nothing."
-- owner = "risk-management"
-- refresh = "daily"
-- increment = "month"
-- unique = ["month", "treatment_code", "treatment_reason"]
--
-- [fresh]
-- table = "decision"
-- days = 3
--
-- [columns.month]
-- description = "Calendar month of acceptance, CCYY-MM"
-- is_required = true
-- [columns.treatment_code]
-- description = "port, or destination for special packaging"
-- is_required = true
-- [columns.treatment_reason]
-- description = "First reason why it is opened at the port, such as not-filed; empty at the destination"
-- is_required = true
-- [columns.declarations]
-- description = "Selected declarations, by the newest decision"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e12]
-- [columns.sealed_declarations]
-- description = "Those that were sealed"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.arrived_declarations]
-- description = "Those whose arrival was recorded"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.late_declarations]
-- description = "Those that arrived after the day of their deadline"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.opened_declarations]
-- description = "Those whose opening was recorded"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.broken_declarations]
-- description = "Those with a broken seal, a deviation from the way or a mismatch"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.released_declarations]
-- description = "Those whose release was recorded"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.median_transit_hours]
-- description = "Median from sealing to arrival, without what takes less than nothing or more than ten years; absent where none arrived"
-- unit = "h"
-- range = [0.0, 87600.0]
-- [columns.median_opening_hours]
-- description = "Median from arrival to opening, without what takes less than nothing or more than ten years; absent where none was opened"
-- unit = "h"
-- range = [0.0, 87600.0]
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
-- description = "Share of the inspected ones with a discrepancy; absent where none was inspected"
-- unit = "1"
-- range = [0.0, 1.0]
WITH decided AS (
  SELECT month, declaration_id, treatment_code, treatment_reason, treatment_deadline
  FROM (
    SELECT month, declaration_id, is_selected, treatment_code, coalesce(treatment_reason, '') AS treatment_reason,
      treatment_deadline,
      row_number() OVER (PARTITION BY month, declaration_id ORDER BY version_number DESC, run_number DESC) AS place
    FROM decision
  ) v
  WHERE place = 1 AND is_selected AND treatment_code IS NOT NULL
),
happened AS (
  SELECT month, declaration_id,
    min(CASE WHEN event_code = 'sealed' THEN recorded_at END) AS sealed_at,
    min(CASE WHEN event_code = 'arrived' THEN recorded_at END) AS arrived_at,
    min(CASE WHEN event_code = 'opened' THEN recorded_at END) AS opened_at,
    min(CASE WHEN event_code = 'released' THEN recorded_at END) AS released_at,
    bool_or(event_code IN ('seal-broken', 'deviated', 'mismatch')) AS is_broken
  FROM treatment_event
  GROUP BY month, declaration_id
),
inspected AS (
  SELECT month, declaration_id, bool_or(result_code = 'discrepancy') AS is_discrepancy
  FROM inspection
  WHERE result_code IN ('conform', 'discrepancy')
  GROUP BY month, declaration_id
),
followed AS (
  SELECT d.month, d.treatment_code, d.treatment_reason, d.treatment_deadline, h.sealed_at, h.arrived_at, h.opened_at,
    h.released_at, h.is_broken, i.is_discrepancy,
    (date_part('epoch', h.arrived_at) - date_part('epoch', h.sealed_at)) / 3600.0 AS transit_hours,
    (date_part('epoch', h.opened_at) - date_part('epoch', h.arrived_at)) / 3600.0 AS opening_hours
  FROM decided d
  LEFT JOIN happened h ON h.month = d.month AND h.declaration_id = d.declaration_id
  LEFT JOIN inspected i ON i.month = d.month AND i.declaration_id = d.declaration_id
)
SELECT
  month AS month,
  treatment_code AS treatment_code,
  treatment_reason AS treatment_reason,
  CAST(count(*) AS BIGINT) AS declarations,
  CAST(count(sealed_at) AS BIGINT) AS sealed_declarations,
  CAST(count(arrived_at) AS BIGINT) AS arrived_declarations,
  CAST(count(*) FILTER (WHERE CAST(arrived_at AS DATE) > CAST(treatment_deadline AS DATE)) AS BIGINT) AS late_declarations,
  CAST(count(opened_at) AS BIGINT) AS opened_declarations,
  CAST(count(*) FILTER (WHERE is_broken) AS BIGINT) AS broken_declarations,
  CAST(count(released_at) AS BIGINT) AS released_declarations,
  median(CASE WHEN transit_hours BETWEEN 0.0 AND 87600.0 THEN transit_hours END) AS median_transit_hours,
  median(CASE WHEN opening_hours BETWEEN 0.0 AND 87600.0 THEN opening_hours END) AS median_opening_hours,
  CAST(count(is_discrepancy) AS BIGINT) AS inspected_declarations,
  CAST(count(*) FILTER (WHERE is_discrepancy) AS BIGINT) AS discrepancy_declarations,
  CAST(count(*) FILTER (WHERE is_discrepancy) AS DOUBLE) / nullif(count(is_discrepancy), 0) AS hit_rate
FROM followed
GROUP BY month, treatment_code, treatment_reason
