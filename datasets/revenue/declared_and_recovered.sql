-- title = "Revenue declared and recovered"
-- description = "Duty and tax as assessed in the newest version of each declaration, and what inspections found to be missing, by month of acceptance, office and currency. Where no assessed amount is stated it is worked out: the rate in percent of the tax base, otherwise of the customs value, or the rate by the quantity where the tax base is one; a line with a tax base in value and one in quantity is left out, and so is one that comes to more than an amount has room for. Of each goods item, or of a declaration as a whole, the result of an inspection that was recorded last counts, so that results that are sent again or corrected count once. Amounts are due, not received: no table records payments. Rows of fewer than three enterprises or fewer than ten declarations are left out, and so is an amount that one or two enterprises contribute to; where what is left out of the amounts found in a month and currency is that of one or two enterprises, the smallest other one is left out as well. A month is there ten days after its end, and changes when a later month comes."
-- owner = "revenue"
-- refresh = "daily"
-- increment = "month"
-- unique = ["month", "office_id", "revenue_currency"]
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
-- description = "Customs duty assessed: type CUD, or A00 and A10 of the European Union; absent where it is that of one or two enterprises"
-- range = [0.0, 1e15]
-- [columns.value_added_tax_amount]
-- description = "Value added tax assessed: type VAT, or B00 of the European Union; absent where it is that of one or two enterprises"
-- range = [0.0, 1e15]
-- [columns.other_tax_amount]
-- description = "Other duties, taxes and fees assessed, such as excise; absent where they are those of one or two enterprises"
-- range = [0.0, 1e15]
-- [columns.declarations_with_recovery]
-- description = "Declarations for which an inspection found more to be due"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.recovered_amount]
-- description = "Duty and tax that inspections found to be missing; absent where it was found at one or two enterprises, or what was found at others would follow from it"
-- range = [0.0, 1e15]
-- [columns.recovery_rate]
-- description = "Amount found to be missing over duty and taxes assessed; absent where one of these amounts is, or nothing was assessed"
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
line_of_duty AS (
  SELECT month, declaration_id, office_id, enterprise_id, coalesce(get_field(fee, 'type_code'), '') AS type_code,
    get_field(get_field(fee, 'payment'), 'tax_assessed_amount') AS stated_amount,
    coalesce(get_field(get_field(fee, 'payment'), 'tax_assessed_amount_currency'),
      get_field(fee, 'ad_valorem_tax_base_amount_currency'), customs_value_currency, '') AS currency,
    get_field(fee, 'ad_valorem_tax_base_amount') AS base_amount, get_field(fee, 'specific_tax_base_quantity') AS base_quantity,
    customs_value_amount, CAST(get_field(fee, 'tax_rate_numeric') AS DOUBLE) AS rate
  FROM charged
),
assessed AS (
  SELECT month, declaration_id, office_id, enterprise_id, type_code, currency,
    coalesce(stated_amount, TRY_CAST(CASE
      WHEN base_quantity IS NULL OR (base_quantity = 0 AND base_amount IS NOT NULL)
        THEN CAST(coalesce(base_amount, customs_value_amount) AS DOUBLE) * rate / 100.0
      WHEN base_amount IS NULL OR base_amount = 0 THEN CAST(base_quantity AS DOUBLE) * rate
    END AS DECIMAL(19, 3))) AS amount
  FROM line_of_duty
),
result AS (
  SELECT month, declaration_id, result_code, findings
  FROM (
    SELECT month, declaration_id, result_code, findings,
      row_number() OVER (PARTITION BY month, declaration_id, goods_item_seq
        ORDER BY recorded_at DESC NULLS LAST, loaded_at DESC NULLS LAST, load_id DESC, source_row DESC) AS place
    FROM inspection
    WHERE result_code IN ('conform', 'discrepancy')
  ) r
  WHERE place = 1
),
found AS (
  SELECT n.month, n.declaration_id, n.office_id, n.enterprise_id, unnest(r.findings) AS finding
  FROM newest n
  JOIN result r ON r.month = n.month AND r.declaration_id = n.declaration_id
),
line AS (
  SELECT month, declaration_id, office_id, enterprise_id, currency,
    CASE WHEN type_code IN ('CUD', 'A00', 'A10') THEN amount ELSE CAST(0 AS DECIMAL(19, 3)) END AS duty,
    CASE WHEN type_code IN ('VAT', 'B00') THEN amount ELSE CAST(0 AS DECIMAL(19, 3)) END AS value_added_tax,
    CASE WHEN type_code IN ('CUD', 'A00', 'A10', 'VAT', 'B00') THEN CAST(0 AS DECIMAL(19, 3)) ELSE amount END AS other_tax,
    CAST(0 AS DECIMAL(19, 3)) AS recovered
  FROM assessed
  WHERE amount IS NOT NULL
  UNION ALL
  SELECT month, declaration_id, office_id, enterprise_id, coalesce(get_field(finding, 'revenue_amount_currency'), '') AS currency,
    CAST(0 AS DECIMAL(19, 3)) AS duty, CAST(0 AS DECIMAL(19, 3)) AS value_added_tax, CAST(0 AS DECIMAL(19, 3)) AS other_tax,
    get_field(finding, 'revenue_amount') AS recovered
  FROM found
  WHERE get_field(finding, 'revenue_amount') > 0
),
total AS (
  SELECT month, office_id, currency, count(DISTINCT enterprise_id) AS enterprises, count(DISTINCT declaration_id) AS declarations,
    sum(duty) AS duty, count(DISTINCT enterprise_id) FILTER (WHERE duty <> 0) AS duty_from,
    sum(value_added_tax) AS value_added_tax,
    count(DISTINCT enterprise_id) FILTER (WHERE value_added_tax <> 0) AS value_added_tax_from,
    sum(other_tax) AS other_tax, count(DISTINCT enterprise_id) FILTER (WHERE other_tax <> 0) AS other_tax_from,
    count(DISTINCT declaration_id) FILTER (WHERE recovered <> 0) AS with_recovery,
    sum(recovered) AS recovered, count(DISTINCT enterprise_id) FILTER (WHERE recovered <> 0) AS recovered_from
  FROM line
  GROUP BY month, office_id, currency
),
judged AS (
  SELECT month, office_id, currency, enterprises, declarations, duty, duty_from, value_added_tax, value_added_tax_from, other_tax,
    other_tax_from, with_recovery, recovered, recovered_from, recovered_from >= 3 AND declarations >= 10 AS is_shown
  FROM total
),
-- Amounts by kind are in findings_by_kind: who adds them up has the rest of a month and currency.
rest AS (
  SELECT month, office_id, currency, enterprises, declarations, duty, duty_from, value_added_tax, value_added_tax_from, other_tax,
    other_tax_from, with_recovery, recovered, recovered_from, is_shown,
    sum(CASE WHEN is_shown OR with_recovery = 0 THEN 0 ELSE 1 END) OVER (PARTITION BY month, currency) AS hidden,
    sum(CASE WHEN is_shown THEN 0 ELSE recovered_from END) OVER (PARTITION BY month, currency) AS hidden_from,
    row_number() OVER (PARTITION BY month, currency, is_shown ORDER BY recovered, office_id) AS place
  FROM judged
),
-- What nobody owes is nobody's secret: nothing is shown as nothing.
shown AS (
  SELECT month, office_id, currency, enterprises, declarations, with_recovery,
    coalesce(CASE WHEN duty_from >= 3 THEN duty END, CASE WHEN duty = 0 THEN 0 END) AS duty,
    coalesce(CASE WHEN value_added_tax_from >= 3 THEN value_added_tax END, CASE WHEN value_added_tax = 0 THEN 0 END)
      AS value_added_tax,
    coalesce(CASE WHEN other_tax_from >= 3 THEN other_tax END, CASE WHEN other_tax = 0 THEN 0 END) AS other_tax,
    CASE WHEN NOT (is_shown AND place = 1 AND hidden > 0 AND hidden_from < 3) THEN
      coalesce(CASE WHEN recovered_from >= 3 THEN recovered END, CASE WHEN recovered = 0 THEN 0 END) END AS recovered
  FROM rest
  WHERE declarations >= 10
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
  CAST(recovered AS DOUBLE) / nullif(CAST(duty + value_added_tax + other_tax AS DOUBLE), 0.0) AS recovery_rate
FROM shown
