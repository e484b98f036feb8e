-- title = "Clearance times"
-- description = "How long each stage of clearance took and who answers for it, by month of acceptance, office and lane: median and 90th percentile over consignments, after the Time Release Study of the WCO (WTO Trade Facilitation Agreement, article 7.6). No table records when duty was paid, when the goods were presented, or when they were released or left the port, so the time from arrival to release is not among the stages."
-- owner = "clearance"
-- refresh = "daily"
-- increment = "month"
-- unique = ["month", "office_id", "lane_code", "stage_code"]
--
-- [fresh]
-- table = "declaration"
-- days = 3
--
-- [columns.month]
-- description = "Calendar month of acceptance, CCYY-MM"
-- is_required = true
-- [columns.office_id]
-- description = "Office of declaration; empty when not stated"
-- is_required = true
-- [columns.lane_code]
-- description = "Lane in which the goods were examined, otherwise the lane of the newest decision; empty when there is neither"
-- is_required = true
-- [columns.stage_code]
-- description = "arrival-to-acceptance: from the crossing of the border to acceptance, for what is not an export; acceptance-to-decision: to the first decision; decision-to-result: from there to the last recorded result of an inspection; acceptance-to-result: both together"
-- is_required = true
-- [columns.responsible_code]
-- description = "Who answers for the stage: trader, customs, or shared where customs inspects what the trader has to present"
-- is_required = true
-- [columns.declarations]
-- description = "Declarations over which the stage is measured"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.left_out_declarations]
-- description = "Declarations that have both moments and are not measured: the end lies before the start, as with advance declarations, or it was decided after its result or more than 30 days after acceptance, which is no part of clearance; where they are many, the measured ones are not typical"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.median_hours]
-- description = "Half of the declarations took at most so long; absent where none is measured"
-- unit = "h"
-- range = [0.0, 87600.0]
-- [columns.p90_hours]
-- description = "Nine in ten declarations took at most so long; absent where none is measured"
-- unit = "h"
-- range = [0.0, 87600.0]
WITH newest AS (
  SELECT month, declaration_id, office_id, accepted_at, border_crossing_at
  FROM (
    SELECT month, declaration_id, office_id, accepted_at,
      CASE WHEN left(declaration_type_code, 2) = 'EX' THEN NULL ELSE border_crossing_at END AS border_crossing_at,
      row_number() OVER (PARTITION BY month, declaration_id ORDER BY version_number DESC) AS place
    FROM declaration
  ) v
  WHERE place = 1
),
decided AS (
  SELECT month, declaration_id, min(decided_at) AS decided_at,
    last_value(lane_code ORDER BY version_number, run_number) AS lane_code
  FROM decision
  GROUP BY month, declaration_id
),
inspected AS (
  SELECT month, declaration_id, max(recorded_at) AS recorded_at,
    last_value(lane_code ORDER BY recorded_at, lane_code) AS lane_code
  FROM inspection
  WHERE result_code IN ('conform', 'discrepancy')
  GROUP BY month, declaration_id
),
moment AS (
  SELECT n.month, coalesce(n.office_id, '') AS office_id, coalesce(i.lane_code, d.lane_code, '') AS lane_code,
    date_part('epoch', n.border_crossing_at) AS arrival,
    date_part('epoch', n.accepted_at) AS acceptance,
    date_part('epoch', d.decided_at) AS decision,
    date_part('epoch', i.recorded_at) AS result
  FROM newest n
  LEFT JOIN decided d ON d.month = n.month AND d.declaration_id = n.declaration_id
  LEFT JOIN inspected i ON i.month = n.month AND i.declaration_id = n.declaration_id
),
stage (stage_code, responsible_code) AS (
  VALUES
    ('arrival-to-acceptance', 'trader'),
    ('acceptance-to-decision', 'customs'),
    ('decision-to-result', 'shared'),
    ('acceptance-to-result', 'shared')
),
lasting AS (
  SELECT m.month, m.office_id, m.lane_code, s.stage_code, s.responsible_code,
    CASE s.stage_code
      WHEN 'arrival-to-acceptance' THEN m.acceptance - m.arrival
      WHEN 'acceptance-to-decision' THEN m.decision - m.acceptance
      WHEN 'decision-to-result' THEN m.result - m.decision
      ELSE m.result - m.acceptance
    END / 3600.0 AS hours,
    s.stage_code IN ('acceptance-to-decision', 'decision-to-result')
      AND (m.decision - m.acceptance > 30.0 * 86400.0 OR coalesce(m.decision > m.result, false)) AS is_belated
  FROM moment m CROSS JOIN stage s
)
SELECT
  month AS month,
  office_id AS office_id,
  lane_code AS lane_code,
  stage_code AS stage_code,
  responsible_code AS responsible_code,
  CAST(count(*) FILTER (WHERE hours >= 0.0 AND NOT is_belated) AS BIGINT) AS declarations,
  CAST(count(*) FILTER (WHERE hours < 0.0 OR is_belated) AS BIGINT) AS left_out_declarations,
  median(CASE WHEN hours >= 0.0 AND NOT is_belated THEN hours END) AS median_hours,
  percentile_cont(0.9) WITHIN GROUP (ORDER BY CASE WHEN hours >= 0.0 AND NOT is_belated THEN hours END) AS p90_hours
FROM lasting
WHERE hours IS NOT NULL
GROUP BY month, office_id, lane_code, stage_code, responsible_code
