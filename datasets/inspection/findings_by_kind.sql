-- title = "Findings by kind"
-- description = "What inspections found to differ from the declaration, by month of acceptance, kind and severity, with the duty and tax that was found to be missing. Of each goods item, or of a declaration as a whole, the result that was recorded last counts, so that results that are sent again or corrected count once. Kinds and severities are those that officers record; groups of fewer than three enterprises or fewer than five declarations are left out, and so is an amount that fewer than three enterprises contribute to; where what is left out of a month and currency is that of one or two enterprises, the smallest other amount is left out as well. A month is there ten days after its end, and changes when a later month comes."
-- owner = "risk-management"
-- refresh = "daily"
-- increment = "month"
-- unique = ["month", "finding_type_code", "finding_severity_code", "revenue_currency"]
--
-- [lowered]
-- grade = "general-2"
-- count = "enterprises"
-- at_least = 3
-- closed_after_days = 10
--
-- [fresh]
-- table = "inspection"
-- days = 3
--
-- [columns.month]
-- description = "Calendar month of acceptance, CCYY-MM"
-- is_required = true
-- [columns.finding_type_code]
-- description = "Kind of finding; empty where a discrepancy was recorded without one"
-- is_required = true
-- [columns.finding_severity_code]
-- description = "Severity of the finding; empty where none was recorded"
-- is_required = true
-- [columns.revenue_currency]
-- description = "Currency of the amounts; empty where no amount was recorded"
-- is_required = true
-- [columns.enterprises]
-- description = "Importers; the declarant where none is stated"
-- is_required = true
-- unit = "1"
-- range = [3.0, 1e9]
-- [columns.findings]
-- description = "Findings"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e12]
-- [columns.declarations]
-- description = "Declarations that the findings are about"
-- is_required = true
-- unit = "1"
-- range = [5.0, 1e12]
-- [columns.findings_with_revenue]
-- description = "Findings for which more than nothing is to be recovered"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.revenue_amount]
-- description = "Duty and tax to be recovered, in the currency of the row; absent where fewer than three enterprises are to pay, or another amount would follow from it"
-- range = [0.0, 1e15]
WITH newest AS (
  SELECT month, declaration_id, enterprise_id
  FROM (
    SELECT month, declaration_id, coalesce(importer_id, declarant_id) AS enterprise_id,
      row_number() OVER (PARTITION BY month, declaration_id ORDER BY version_number DESC) AS place
    FROM declaration
  ) v
  WHERE place = 1
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
named AS (
  SELECT r.month, r.declaration_id, r.result_code, r.findings, n.enterprise_id
  FROM result r
  LEFT JOIN newest n ON n.month = r.month AND n.declaration_id = r.declaration_id
),
found AS (
  SELECT month, declaration_id, enterprise_id, unnest(findings) AS finding
  FROM named
),
line AS (
  SELECT month, declaration_id, enterprise_id, coalesce(get_field(finding, 'type_code'), '') AS type_code,
    coalesce(get_field(finding, 'severity_code'), '') AS severity_code,
    coalesce(get_field(finding, 'revenue_amount_currency'), '') AS currency,
    get_field(finding, 'revenue_amount') AS amount
  FROM found
  UNION ALL
  SELECT month, declaration_id, enterprise_id, '' AS type_code, '' AS severity_code, '' AS currency,
    CAST(NULL AS DECIMAL(19, 3)) AS amount
  FROM named
  WHERE result_code = 'discrepancy' AND coalesce(cardinality(findings), 0) = 0
),
total AS (
  SELECT month, type_code, severity_code, currency, count(DISTINCT enterprise_id) AS enterprises, count(*) AS findings,
    count(DISTINCT declaration_id) AS declarations, count(*) FILTER (WHERE amount > 0) AS with_revenue, sum(amount) AS revenue,
    count(DISTINCT enterprise_id) FILTER (WHERE amount <> 0) AS revenue_from
  FROM line
  GROUP BY month, type_code, severity_code, currency
),
judged AS (
  SELECT month, type_code, severity_code, currency, enterprises, findings, declarations, with_revenue, revenue, revenue_from,
    revenue_from >= 3 AND declarations >= 5 AS is_shown
  FROM total
),
-- Amounts by office are in declared_and_recovered: who adds them up has the rest of a month and currency.
rest AS (
  SELECT month, type_code, severity_code, currency, enterprises, findings, declarations, with_revenue, revenue, revenue_from,
    is_shown,
    sum(CASE WHEN is_shown OR with_revenue = 0 THEN 0 ELSE 1 END) OVER (PARTITION BY month, currency) AS hidden,
    sum(CASE WHEN is_shown THEN 0 ELSE revenue_from END) OVER (PARTITION BY month, currency) AS hidden_from,
    row_number() OVER (PARTITION BY month, currency, is_shown ORDER BY revenue, type_code, severity_code) AS place
  FROM judged
)
SELECT
  month AS month,
  type_code AS finding_type_code,
  severity_code AS finding_severity_code,
  currency AS revenue_currency,
  CAST(enterprises AS BIGINT) AS enterprises,
  CAST(findings AS BIGINT) AS findings,
  CAST(declarations AS BIGINT) AS declarations,
  CAST(with_revenue AS BIGINT) AS findings_with_revenue,
  CASE WHEN revenue_from >= 3 AND NOT (is_shown AND place = 1 AND hidden > 0 AND hidden_from < 3) THEN revenue END AS revenue_amount
FROM rest
WHERE declarations >= 5
