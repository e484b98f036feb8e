-- title = "Workload of offices"
-- description = "Work lists by month of the list and office: the slots there were, who contended, and how many slots were used. A slot is one inspection that can be done on the day; protected consignments beyond the slots wait for the next free one. The list of a day that was opened again for what was lodged late is one list, and its slots count once."
-- owner = "clearance"
-- refresh = "daily"
-- increment = "month"
-- unique = ["month", "office_id"]
--
-- [fresh]
-- table = "work_list"
-- days = 3
--
-- [columns.month]
-- description = "Calendar month of the work lists, CCYY-MM"
-- is_required = true
-- [columns.office_id]
-- description = "Office; empty when not stated"
-- is_required = true
-- [columns.work_lists]
-- description = "Work lists, one a day"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e6]
-- [columns.slots]
-- description = "Inspections that could be done"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e9]
-- [columns.consignments]
-- description = "Consignments that contended for a slot, once for each time that the list was closed with them"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.candidates]
-- description = "Those whose draw fell below their inclusion probability"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.listed_consignments]
-- description = "Consignments that got a slot on their own day"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e9]
-- [columns.queued_consignments]
-- description = "Protected consignments that had to wait for a later day"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e9]
-- [columns.served_from_queue]
-- description = "Waiting consignments that got a slot on a later day"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e9]
-- [columns.used_slots]
-- description = "Slots that were used, by consignments of the day or by waiting ones"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e9]
-- [columns.slot_use_rate]
-- description = "Used slots over slots; absent where there were none"
-- unit = "1"
-- range = [0.0, 1.0]
-- [columns.candidates_per_slot]
-- description = "Candidates over slots: above 1 the office turns candidates away; absent where there were no slots"
-- unit = "1"
-- range = [0.0, 1e9]
-- [columns.full_work_lists]
-- description = "Work lists with slots, all of which were used in the end"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e6]
-- [columns.most_waiting]
-- description = "Most protected consignments that waited whenever a list was closed"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e9]
-- [columns.waiting_at_end]
-- description = "Protected consignments that waited when a list of the month was last closed, whatever its day"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e9]
WITH list AS (
  SELECT month, coalesce(office_id, '') AS office_id, listed_on, run_number, slots, consignments, candidates, listed, queued,
    waiting_before + queued - waiting_after AS served, waiting_after
  FROM work_list
),
on_day AS (
  SELECT month, office_id, listed_on, sum(consignments) AS consignments, sum(candidates) AS candidates, sum(listed) AS listed,
    sum(queued) AS queued, sum(served) AS served, last_value(slots - listed - served ORDER BY run_number) AS free_slots,
    max(run_number) AS last_run, max(waiting_after) AS most_waiting,
    last_value(waiting_after ORDER BY run_number) AS waiting_at_end
  FROM list
  GROUP BY month, office_id, listed_on
),
total AS (
  SELECT month, office_id, count(*) AS lists, sum(listed + served + free_slots) AS slots, sum(consignments) AS consignments,
    sum(candidates) AS candidates, sum(listed) AS listed, sum(queued) AS queued, sum(served) AS served,
    count(*) FILTER (WHERE free_slots <= 0 AND listed + served + free_slots > 0) AS full_lists, max(most_waiting) AS most_waiting,
    last_value(waiting_at_end ORDER BY last_run, listed_on) AS waiting_at_end
  FROM on_day
  GROUP BY month, office_id
)
SELECT
  month AS month,
  office_id AS office_id,
  CAST(lists AS BIGINT) AS work_lists,
  CAST(slots AS BIGINT) AS slots,
  CAST(consignments AS BIGINT) AS consignments,
  CAST(candidates AS BIGINT) AS candidates,
  CAST(listed AS BIGINT) AS listed_consignments,
  CAST(queued AS BIGINT) AS queued_consignments,
  CAST(served AS BIGINT) AS served_from_queue,
  CAST(listed + served AS BIGINT) AS used_slots,
  CAST(listed + served AS DOUBLE) / nullif(slots, 0) AS slot_use_rate,
  CAST(candidates AS DOUBLE) / nullif(slots, 0) AS candidates_per_slot,
  CAST(full_lists AS BIGINT) AS full_work_lists,
  CAST(most_waiting AS BIGINT) AS most_waiting,
  CAST(waiting_at_end AS BIGINT) AS waiting_at_end
FROM total
