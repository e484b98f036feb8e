-- title = "Trade statistics"
-- description = "Declarations, goods items, statistical value and net mass by month of acceptance, flow, HS subheading and partner country, from the newest version of each declaration. After the International Merchandise Trade Statistics of the United Nations the partner is the country of origin of imports and of last known destination of exports, and goods count once, when they come in or go out for good: left out is what is admitted or sent out for a time (procedures 53 and 23) and what returns of it, and imports of what was counted before it went to processing, a warehouse or a free zone (previous procedures 07, 51, 54, 71 and 78); cells of fewer than three enterprises or fewer than ten declarations are left out, so that rows do not add up to all trade, and so is an amount that fewer than three enterprises contribute to. A month is there ten days after its end, and changes when a later month comes."
-- owner = "statistics"
-- refresh = "daily"
-- increment = "month"
-- unique = ["month", "trade_flow_code", "commodity_hs6", "partner_country_code", "statistical_value_currency"]
--
-- [lowered]
-- grade = "general-2"
-- count = "enterprises"
-- at_least = 3
-- closed_after_days = 10
--
-- [fresh]
-- table = "declaration"
-- days = 3
--
-- [columns.month]
-- description = "Calendar month of acceptance, CCYY-MM"
-- is_required = true
-- [columns.trade_flow_code]
-- description = "import or export by the type of declaration; empty when the type says neither"
-- is_required = true
-- [columns.commodity_hs6]
-- description = "Harmonized System subheading; goods items without a readable one are left out"
-- is_required = true
-- reference = "goods_item.commodity_hs6"
-- [columns.partner_country_code]
-- description = "Country of origin, of exports the country of destination; empty when not stated"
-- is_required = true
-- [columns.statistical_value_currency]
-- description = "Currency of the statistical value; empty when not stated"
-- is_required = true
-- [columns.enterprises]
-- description = "Importers, of exports exporters; the declarant where neither is stated"
-- is_required = true
-- unit = "1"
-- range = [3.0, 1e9]
-- [columns.declarations]
-- description = "Declarations"
-- is_required = true
-- unit = "1"
-- range = [10.0, 1e12]
-- [columns.goods_items]
-- description = "Goods items"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e12]
-- [columns.statistical_value_amount]
-- description = "Statistical value, in the currency of the row; absent where fewer than three enterprises state one"
-- range = [0.0, 1e18]
-- [columns.net_mass_kg]
-- description = "Net mass; absent where fewer than three enterprises state one"
-- unit = "kg"
-- range = [0.0, 1e15]
WITH newest AS (
  SELECT month, declaration_id, version_number, trade_flow_code, destination_country_code, enterprise_id
  FROM (
    SELECT month, declaration_id, version_number, destination_country_code,
      CASE left(declaration_type_code, 2) WHEN 'IM' THEN 'import' WHEN 'EX' THEN 'export' ELSE '' END AS trade_flow_code,
      CASE WHEN left(declaration_type_code, 2) = 'EX' THEN coalesce(exporter_id, declarant_id)
        ELSE coalesce(importer_id, declarant_id) END AS enterprise_id,
      row_number() OVER (PARTITION BY month, declaration_id ORDER BY version_number DESC) AS place
    FROM declaration
  ) v
  WHERE place = 1
),
item AS (
  SELECT n.month, n.declaration_id, n.trade_flow_code, n.enterprise_id, g.commodity_hs6,
    coalesce(CASE WHEN n.trade_flow_code = 'export' THEN coalesce(g.item_destination_country_code, n.destination_country_code)
      ELSE g.origin_country_code END, '') AS partner_country_code,
    coalesce(g.statistical_value_currency, '') AS statistical_value_currency, g.statistical_value_amount, g.net_mass_kg
  FROM newest n
  JOIN goods_item g ON g.month = n.month AND g.declaration_id = n.declaration_id AND g.version_number = n.version_number
  WHERE g.commodity_hs6 IS NOT NULL AND coalesce(g.procedure_code, '') NOT IN ('23', '53')
    AND NOT (n.trade_flow_code = 'import' AND coalesce(g.previous_procedure_code, '') IN ('07', '23', '51', '54', '71', '78'))
    AND NOT (n.trade_flow_code = 'export' AND coalesce(g.previous_procedure_code, '') = '53')
),
total AS (
  SELECT month, trade_flow_code, commodity_hs6, partner_country_code, statistical_value_currency,
    count(DISTINCT enterprise_id) AS enterprises, count(DISTINCT declaration_id) AS declarations, count(*) AS goods_items,
    sum(statistical_value_amount) AS value,
    count(DISTINCT enterprise_id) FILTER (WHERE statistical_value_amount <> 0) AS with_value,
    sum(net_mass_kg) AS mass, count(DISTINCT enterprise_id) FILTER (WHERE net_mass_kg <> 0) AS with_mass
  FROM item
  GROUP BY month, trade_flow_code, commodity_hs6, partner_country_code, statistical_value_currency
  HAVING count(DISTINCT declaration_id) >= 10
)
SELECT
  month AS month,
  trade_flow_code AS trade_flow_code,
  commodity_hs6 AS commodity_hs6,
  partner_country_code AS partner_country_code,
  statistical_value_currency AS statistical_value_currency,
  CAST(enterprises AS BIGINT) AS enterprises,
  CAST(declarations AS BIGINT) AS declarations,
  CAST(goods_items AS BIGINT) AS goods_items,
  CASE WHEN with_value >= 3 THEN value END AS statistical_value_amount,
  CASE WHEN with_mass >= 3 THEN mass END AS net_mass_kg
FROM total
