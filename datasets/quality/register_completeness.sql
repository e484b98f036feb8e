-- title = "Completeness of registers"
-- description = "In how many stored rows a column of a register has a value: enterprises and filings of special packaging, which belong to no month. Columns that may be absent by their definition are listed, and no others: keys and lists always have a value, if an empty one. A register has a row for each record that came, also of one enterprise or filing. A register without rows is told of as well."
-- owner = "data-management"
-- refresh = "daily"
-- unique = ["table_name", "column_name"]
--
-- [columns.table_name]
-- description = "Stored table"
-- is_required = true
-- [columns.column_name]
-- description = "Column of the table that may be absent"
-- is_required = true
-- [columns.stored_rows]
-- description = "Rows of the table"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.absent_rows]
-- description = "Rows without a value of the column"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.completeness_rate]
-- description = "Rows with a value of the column over rows of the table; absent where the table has no rows"
-- unit = "1"
-- range = [0.0, 1.0]
WITH counted AS (
  SELECT 'enterprise' AS table_name, count(*) AS stored_rows, make_array(
    named_struct('column_name', 'enterprise_id', 'present', count(enterprise_id)),
    named_struct('column_name', 'name', 'present', count(name)),
    named_struct('column_name', 'role_code', 'present', count(role_code)),
    named_struct('column_name', 'grade_code', 'present', count(grade_code)),
    named_struct('column_name', 'grade_effective_at', 'present', count(grade_effective_at)),
    named_struct('column_name', 'registered_at', 'present', count(registered_at)),
    named_struct('column_name', 'country_code', 'present', count(country_code)),
    named_struct('column_name', 'loaded_at', 'present', count(loaded_at))
  ) AS listed
  FROM enterprise
  UNION ALL
  SELECT 'special_filing' AS table_name, count(*) AS stored_rows, make_array(
    named_struct('column_name', 'filing_id', 'present', count(filing_id)),
    named_struct('column_name', 'enterprise_id', 'present', count(enterprise_id)),
    named_struct('column_name', 'recorded_at', 'present', count(recorded_at)),
    named_struct('column_name', 'commodity_prefix', 'present', count(commodity_prefix)),
    named_struct('column_name', 'handling_code', 'present', count(handling_code)),
    named_struct('column_name', 'site_id', 'present', count(site_id)),
    named_struct('column_name', 'site_certified_until', 'present', count(site_certified_until)),
    named_struct('column_name', 'temperature_low_c', 'present', count(temperature_low_c)),
    named_struct('column_name', 'temperature_high_c', 'present', count(temperature_high_c)),
    named_struct('column_name', 'humidity_low_percent', 'present', count(humidity_low_percent)),
    named_struct('column_name', 'humidity_high_percent', 'present', count(humidity_high_percent)),
    named_struct('column_name', 'cleanliness_class', 'present', count(cleanliness_class)),
    named_struct('column_name', 'valid_from', 'present', count(valid_from)),
    named_struct('column_name', 'valid_until', 'present', count(valid_until))
  ) AS listed
  FROM special_filing
),
told AS (
  SELECT table_name, stored_rows, unnest(listed) AS one
  FROM counted
)
SELECT
  table_name AS table_name,
  get_field(one, 'column_name') AS column_name,
  CAST(stored_rows AS BIGINT) AS stored_rows,
  CAST(stored_rows - get_field(one, 'present') AS BIGINT) AS absent_rows,
  CAST(get_field(one, 'present') AS DOUBLE) / nullif(stored_rows, 0) AS completeness_rate
FROM told
