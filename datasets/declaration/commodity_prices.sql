-- title = "Unit values of commodities"
-- description = "Statistical value per kilogram of net mass by month of acceptance, HS heading and origin: quantiles over goods items of the newest version of each declaration that is not an export, to judge declared values by. Cells of fewer than three enterprises or fewer than ten declarations are left out, and so is a quantile with fewer than three enterprises' share of the cell on either side of it: the median of fewer than six enterprises, quarters of fewer than twelve, tenths of fewer than thirty. A month is there ten days after its end, and changes when a later month comes."
-- owner = "revenue"
-- refresh = "weekly"
-- increment = "month"
-- unique = ["month", "commodity_hs4", "origin_country_code", "statistical_value_currency"]
--
-- [lowered]
-- grade = "general-2"
-- count = "enterprises"
-- at_least = 3
-- closed_after_days = 10
--
-- [fresh]
-- table = "declaration"
-- days = 10
--
-- [columns.month]
-- description = "Calendar month of acceptance, CCYY-MM"
-- is_required = true
-- [columns.commodity_hs4]
-- description = "Harmonized System heading: the first four digits of the commodity code"
-- is_required = true
-- [columns.origin_country_code]
-- description = "Country of origin; empty when not stated"
-- is_required = true
-- [columns.statistical_value_currency]
-- description = "Currency of the unit values"
-- is_required = true
-- [columns.enterprises]
-- description = "Importers; the declarant where none is stated"
-- is_required = true
-- unit = "1"
-- range = [3.0, 1e9]
-- [columns.declarations]
-- description = "Declarations"
-- is_required = true
-- unit = "1"
-- range = [10.0, 1e12]
-- [columns.goods_items]
-- description = "Goods items with a value and a net mass above zero"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e12]
-- [columns.p10_value_per_kg]
-- description = "Unit value that a tenth of the goods items do not pass, in the currency of the row; absent where the cell has fewer than thirty enterprises"
-- unit = "1/kg"
-- range = [0.0, 1e12]
-- [columns.p25_value_per_kg]
-- description = "Unit value that a quarter of the goods items do not pass, in the currency of the row; absent where the cell has fewer than twelve enterprises"
-- unit = "1/kg"
-- range = [0.0, 1e12]
-- [columns.median_value_per_kg]
-- description = "Unit value that half of the goods items do not pass, in the currency of the row; absent where the cell has fewer than six enterprises"
-- unit = "1/kg"
-- range = [0.0, 1e12]
-- [columns.p75_value_per_kg]
-- description = "Unit value that three quarters of the goods items do not pass, in the currency of the row; absent where the cell has fewer than twelve enterprises"
-- unit = "1/kg"
-- range = [0.0, 1e12]
-- [columns.p90_value_per_kg]
-- description = "Unit value that nine tenths of the goods items do not pass, in the currency of the row; absent where the cell has fewer than thirty enterprises"
-- unit = "1/kg"
-- range = [0.0, 1e12]
WITH newest AS (
  SELECT month, declaration_id, version_number, enterprise_id
  FROM (
    SELECT month, declaration_id, version_number, declaration_type_code, coalesce(importer_id, declarant_id) AS enterprise_id,
      row_number() OVER (PARTITION BY month, declaration_id ORDER BY version_number DESC) AS place
    FROM declaration
  ) v
  WHERE place = 1 AND coalesce(left(declaration_type_code, 2), '') <> 'EX'
),
item AS (
  SELECT n.month, n.declaration_id, n.enterprise_id, left(g.commodity_hs6, 4) AS commodity_hs4,
    coalesce(g.origin_country_code, '') AS origin_country_code, g.statistical_value_currency,
    CAST(g.statistical_value_amount AS DOUBLE) / CAST(g.net_mass_kg AS DOUBLE) AS value_per_kg
  FROM newest n
  JOIN goods_item g ON g.month = n.month AND g.declaration_id = n.declaration_id AND g.version_number = n.version_number
  WHERE g.commodity_hs6 IS NOT NULL AND g.statistical_value_currency IS NOT NULL
    AND g.statistical_value_amount > 0 AND g.net_mass_kg > 0
),
total AS (
  SELECT month, commodity_hs4, origin_country_code, statistical_value_currency,
    count(DISTINCT enterprise_id) AS enterprises, count(DISTINCT enterprise_id) FILTER (WHERE value_per_kg <> 0) AS priced_by,
    count(DISTINCT declaration_id) AS declarations, count(*) AS goods_items,
    percentile_cont(0.1) WITHIN GROUP (ORDER BY value_per_kg) AS p10,
    percentile_cont(0.25) WITHIN GROUP (ORDER BY value_per_kg) AS p25,
    median(value_per_kg) AS p50,
    percentile_cont(0.75) WITHIN GROUP (ORDER BY value_per_kg) AS p75,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY value_per_kg) AS p90
  FROM item
  GROUP BY month, commodity_hs4, origin_country_code, statistical_value_currency
  HAVING count(DISTINCT declaration_id) >= 10
)
SELECT
  month AS month,
  commodity_hs4 AS commodity_hs4,
  origin_country_code AS origin_country_code,
  statistical_value_currency AS statistical_value_currency,
  CAST(enterprises AS BIGINT) AS enterprises,
  CAST(declarations AS BIGINT) AS declarations,
  CAST(goods_items AS BIGINT) AS goods_items,
  CASE WHEN priced_by >= 30 THEN p10 END AS p10_value_per_kg,
  CASE WHEN priced_by >= 12 THEN p25 END AS p25_value_per_kg,
  CASE WHEN priced_by >= 6 THEN p50 END AS median_value_per_kg,
  CASE WHEN priced_by >= 12 THEN p75 END AS p75_value_per_kg,
  CASE WHEN priced_by >= 30 THEN p90 END AS p90_value_per_kg
FROM total
