-- title = "Clearance times"
-- description = "How long each stage from arrival to release took and who answers for it, by month of acceptance, office and lane: mean, median and 90th percentile over consignments, after the Time Release Study of the WCO (Guide to Measure the Time Required for the Release of Goods, version 3; WTO Trade Facilitation Agreement, article 7.6). Release is known where special packaging was recorded as released, and where every decision released by itself: lanes green and blue, not held, and without a result of an inspection. Of what is examined at the port no table records the release: its time ends with the result. Nor is recorded when goods were presented, when duty was paid, what other agencies took, or when goods left the port."
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
-- description = "From one moment to another. Arrival: the crossing of the border, of what is not an export; lodgement: when the first version was issued; acceptance and decision: the first; result: the last recorded one of an inspection; release. On the way of special packaging: sealing, departure from the port, destination: the arrival there, opening. The stages up to result or release from arrival or acceptance are sums of others"
-- is_required = true
-- [columns.responsible_code]
-- description = "Who answers for the stage: trader, customs, terminal, carrier, or shared: where customs inspects what the trader has to present, and of sums"
-- is_required = true
-- [columns.declarations]
-- description = "Declarations over which the stage is measured"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.left_out_declarations]
-- description = "Declarations that have both moments and are not measured: the end lies before the start, as with advance declarations, or more than ten years behind it, as where a date is mistyped, or the stage has to do with a decision that was made after the result or more than 30 days after acceptance, which is no part of clearance; where they are many, the measured ones are not typical"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.mean_hours]
-- description = "Mean, which the Trade Facilitation Agreement asks to publish of the whole time to release; absent where none is measured"
-- unit = "h"
-- range = [0.0, 87600.0]
-- [columns.median_hours]
-- description = "Half of the declarations took at most so long; absent where none is measured"
-- unit = "h"
-- range = [0.0, 87600.0]
-- [columns.p90_hours]
-- description = "Nine in ten declarations took at most so long; absent where none is measured"
-- unit = "h"
-- range = [0.0, 87600.0]
WITH newest AS (
  SELECT month, declaration_id, office_id, accepted_at, border_crossing_at, lodged_at
  FROM (
    SELECT month, declaration_id, office_id,
      CASE WHEN left(declaration_type_code, 2) = 'EX' THEN NULL ELSE border_crossing_at END AS border_crossing_at,
      min(accepted_at) OVER (PARTITION BY month, declaration_id) AS accepted_at,
      min(issued_at) OVER (PARTITION BY month, declaration_id) AS lodged_at,
      row_number() OVER (PARTITION BY month, declaration_id ORDER BY version_number DESC) AS place
    FROM declaration
  ) v
  WHERE place = 1
),
decided AS (
  SELECT month, declaration_id, min(decided_at) AS decided_at,
    last_value(lane_code ORDER BY version_number, run_number) AS lane_code,
    bool_and(lane_code IN ('green', 'blue') AND NOT is_held) AS is_released
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
happened AS (
  SELECT month, declaration_id,
    min(CASE WHEN event_code = 'sealed' THEN recorded_at END) AS sealed_at,
    min(CASE WHEN event_code = 'departed' THEN recorded_at END) AS departed_at,
    min(CASE WHEN event_code = 'arrived' THEN recorded_at END) AS arrived_at,
    min(CASE WHEN event_code = 'opened' THEN recorded_at END) AS opened_at,
    min(CASE WHEN event_code = 'released' THEN recorded_at END) AS released_at
  FROM treatment_event
  GROUP BY month, declaration_id
),
moment AS (
  SELECT n.month, coalesce(n.office_id, '') AS office_id, coalesce(i.lane_code, d.lane_code, '') AS lane_code,
    date_part('epoch', n.border_crossing_at) AS arrival,
    date_part('epoch', n.lodged_at) AS lodgement,
    date_part('epoch', n.accepted_at) AS acceptance,
    date_part('epoch', d.decided_at) AS decision,
    date_part('epoch', i.recorded_at) AS result,
    date_part('epoch', h.sealed_at) AS sealing,
    date_part('epoch', h.departed_at) AS departure,
    date_part('epoch', h.arrived_at) AS destination,
    date_part('epoch', h.opened_at) AS opening,
    date_part('epoch', CASE
      WHEN h.released_at IS NOT NULL THEN h.released_at
      WHEN d.is_released AND i.recorded_at IS NULL THEN d.decided_at
    END) AS release,
    h.released_at IS NULL AS is_by_decision
  FROM newest n
  LEFT JOIN decided d ON d.month = n.month AND d.declaration_id = n.declaration_id
  LEFT JOIN inspected i ON i.month = n.month AND i.declaration_id = n.declaration_id
  LEFT JOIN happened h ON h.month = n.month AND h.declaration_id = n.declaration_id
),
stage (stage_code, responsible_code, from_code, to_code) AS (
  VALUES
    ('arrival-to-lodgement', 'trader', 'arrival', 'lodgement'),
    ('lodgement-to-acceptance', 'customs', 'lodgement', 'acceptance'),
    ('arrival-to-acceptance', 'shared', 'arrival', 'acceptance'),
    ('acceptance-to-decision', 'customs', 'acceptance', 'decision'),
    ('decision-to-result', 'shared', 'decision', 'result'),
    ('decision-to-sealing', 'customs', 'decision', 'sealing'),
    ('sealing-to-departure', 'terminal', 'sealing', 'departure'),
    ('departure-to-destination', 'carrier', 'departure', 'destination'),
    ('destination-to-opening', 'shared', 'destination', 'opening'),
    ('opening-to-release', 'customs', 'opening', 'release'),
    ('acceptance-to-result', 'shared', 'acceptance', 'result'),
    ('acceptance-to-release', 'shared', 'acceptance', 'release'),
    ('arrival-to-result', 'shared', 'arrival', 'result'),
    ('arrival-to-release', 'shared', 'arrival', 'release')
),
lasting AS (
  SELECT m.month, m.office_id, m.lane_code, s.stage_code, s.responsible_code,
    (
      CASE s.to_code
        WHEN 'lodgement' THEN m.lodgement
        WHEN 'acceptance' THEN m.acceptance
        WHEN 'decision' THEN m.decision
        WHEN 'result' THEN m.result
        WHEN 'sealing' THEN m.sealing
        WHEN 'departure' THEN m.departure
        WHEN 'destination' THEN m.destination
        WHEN 'opening' THEN m.opening
        ELSE m.release
      END - CASE s.from_code
        WHEN 'arrival' THEN m.arrival
        WHEN 'lodgement' THEN m.lodgement
        WHEN 'acceptance' THEN m.acceptance
        WHEN 'decision' THEN m.decision
        WHEN 'sealing' THEN m.sealing
        WHEN 'departure' THEN m.departure
        WHEN 'destination' THEN m.destination
        ELSE m.opening
      END
    ) / 3600.0 AS hours,
    (s.from_code = 'decision' OR s.to_code = 'decision' OR (s.to_code = 'release' AND m.is_by_decision))
      AND coalesce(m.decision - m.acceptance > 30.0 * 86400.0 OR m.decision > m.result, false) AS is_belated
  FROM moment m CROSS JOIN stage s
),
measured AS (
  SELECT month, office_id, lane_code, stage_code, responsible_code, hours,
    hours BETWEEN 0.0 AND 87600.0 AND NOT is_belated AS is_measured
  FROM lasting
  WHERE hours IS NOT NULL
)
SELECT
  month AS month,
  office_id AS office_id,
  lane_code AS lane_code,
  stage_code AS stage_code,
  responsible_code AS responsible_code,
  CAST(count(*) FILTER (WHERE is_measured) AS BIGINT) AS declarations,
  CAST(count(*) FILTER (WHERE NOT is_measured) AS BIGINT) AS left_out_declarations,
  CAST(sum(CASE WHEN is_measured THEN CAST(round(hours * 3600.0) AS BIGINT) END) AS DOUBLE)
    / nullif(count(*) FILTER (WHERE is_measured), 0) / 3600.0 AS mean_hours,
  median(CASE WHEN is_measured THEN hours END) AS median_hours,
  percentile_cont(0.9) WITHIN GROUP (ORDER BY CASE WHEN is_measured THEN hours END) AS p90_hours
FROM measured
GROUP BY month, office_id, lane_code, stage_code, responsible_code
