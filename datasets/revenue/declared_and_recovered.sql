-- title = "Revenue declared and recovered"
-- description = "Duty and tax as assessed in the newest version of each declaration, and what inspections found to be missing, by month of acceptance, office and currency. Amounts are due, not received: no table records payments. Rows of fewer than three enterprises or fewer than ten declarations are left out, and so is what was found at one or two enterprises."
-- owner = "revenue"
-- refresh = "daily"
-- increment = "month"
-- unique = ["month", "office_id", "revenue_currency"]
--
-- [lowered]
-- grade = "general-2"
-- count = "enterprises"
-- at_least = 3
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
-- [columns.revenue_currency]
-- description = "Currency of the amounts; empty when not stated"
-- is_required = true
-- [columns.enterprises]
-- description = "Importers; the declarant where none is stated"
-- is_required = true
-- unit = "1"
-- range = [3.0, 1e9]
-- [columns.declarations]
-- description = "Declarations with an amount assessed or to be recovered"
-- is_required = true
-- unit = "1"
-- range = [10.0, 1e12]
-- [columns.duty_amount]
-- description = "Customs duty assessed: type CUD, or A00 and A10 of the European Union"
-- is_required = true
-- range = [0.0, 1e15]
-- [columns.value_added_tax_amount]
-- description = "Value added tax assessed: type VAT, or B00 of the European Union"
-- is_required = true
-- range = [0.0, 1e15]
-- [columns.other_tax_amount]
-- description = "Other duties, taxes and fees assessed, such as excise"
-- is_required = true
-- range = [0.0, 1e15]
-- [columns.declarations_with_recovery]
-- description = "Declarations for which an inspection found more to be due"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.recovered_amount]
-- description = "Duty and tax that inspections found to be missing; absent where it was found at one or two enterprises"
-- range = [0.0, 1e15]
-- [columns.recovery_rate]
-- description = "Amount found to be missing over the amount assessed; absent where that amount is, or nothing was assessed"
-- unit = "1"
-- range = [0.0, 1e6]
WITH newest AS (
  SELECT month, declaration_id, version_number, office_id, enterprise_id
  FROM (
    SELECT month, declaration_id, version_number, coalesce(office_id, '') AS office_id,
      coalesce(importer_id, declarant_id) AS enterprise_id,
      row_number() OVER (PARTITION BY month, declaration_id ORDER BY version_number DESC) AS place
    FROM declaration
  ) v
  WHERE place = 1
),
charged AS (
  SELECT n.month, n.declaration_id, n.office_id, n.enterprise_id, g.customs_value_amount, g.customs_value_currency,
    unnest(g.duty_tax_fees) AS fee
  FROM newest n
  JOIN goods_item g ON g.month = n.month AND g.declaration_id = n.declaration_id AND g.version_number = n.version_number
),
assessed AS (
  SELECT month, declaration_id, office_id, enterprise_id,
    coalesce(get_field(fee, 'type_code'), '') AS type_code,
    coalesce(get_field(get_field(fee, 'payment'), 'tax_assessed_amount_currency'),
      get_field(fee, 'ad_valorem_tax_base_amount_currency'), customs_value_currency, '') AS currency,
    coalesce(get_field(get_field(fee, 'payment'), 'tax_assessed_amount'),
      CAST(CAST(coalesce(get_field(fee, 'ad_valorem_tax_base_amount'), customs_value_amount) AS DOUBLE)
        * CAST(get_field(fee, 'tax_rate_numeric') AS DOUBLE) / 100.0 AS DECIMAL(19, 3))) AS amount
  FROM charged
),
found AS (
  SELECT n.month, n.declaration_id, n.office_id, n.enterprise_id, unnest(i.findings) AS finding
  FROM newest n
  JOIN inspection i ON i.month = n.month AND i.declaration_id = n.declaration_id
),
line AS (
  SELECT month, declaration_id, office_id, enterprise_id, type_code, currency, amount AS assessed_amount,
    CAST(NULL AS DECIMAL(19, 3)) AS recovered_amount
  FROM assessed
  WHERE amount IS NOT NULL
  UNION ALL
  SELECT month, declaration_id, office_id, enterprise_id, '' AS type_code,
    coalesce(get_field(finding, 'revenue_amount_currency'), '') AS currency,
    CAST(NULL AS DECIMAL(19, 3)) AS assessed_amount, get_field(finding, 'revenue_amount') AS recovered_amount
  FROM found
  WHERE get_field(finding, 'revenue_amount') > 0
),
total AS (
  SELECT month, office_id, currency, count(DISTINCT enterprise_id) AS enterprises, count(DISTINCT declaration_id) AS declarations,
    coalesce(sum(CASE WHEN type_code IN ('CUD', 'A00', 'A10') THEN assessed_amount END), 0) AS duty,
    coalesce(sum(CASE WHEN type_code IN ('VAT', 'B00') THEN assessed_amount END), 0) AS value_added_tax,
    coalesce(sum(CASE WHEN type_code NOT IN ('CUD', 'A00', 'A10', 'VAT', 'B00') THEN assessed_amount END), 0) AS other_tax,
    coalesce(sum(assessed_amount), 0) AS assessed,
    count(DISTINCT CASE WHEN recovered_amount IS NOT NULL THEN declaration_id END) AS with_recovery,
    count(DISTINCT CASE WHEN recovered_amount IS NOT NULL THEN enterprise_id END) AS recovered_from,
    coalesce(sum(recovered_amount), 0) AS recovered
  FROM line
  GROUP BY month, office_id, currency
  HAVING count(DISTINCT declaration_id) >= 10
),
shown AS (
  SELECT month, office_id, currency, enterprises, declarations, duty, value_added_tax, other_tax, assessed, with_recovery,
    CASE WHEN with_recovery = 0 OR recovered_from >= 3 THEN recovered END AS recovered
  FROM total
)
SELECT
  month AS month,
  office_id AS office_id,
  currency AS revenue_currency,
  CAST(enterprises AS BIGINT) AS enterprises,
  CAST(declarations AS BIGINT) AS declarations,
  duty AS duty_amount,
  value_added_tax AS value_added_tax_amount,
  other_tax AS other_tax_amount,
  CAST(with_recovery AS BIGINT) AS declarations_with_recovery,
  recovered AS recovered_amount,
  CAST(recovered AS DOUBLE) / nullif(CAST(assessed AS DOUBLE), 0.0) AS recovery_rate
FROM shown
