-- title = "Enterprise profiles"
-- description = "One row for each importer that declares: register, trade, amendments, inspections and what they found, over everything loaded. Each declaration counts once, with its newest version. The grade is the one that decisions take for the last declaration: a grade without a day holds from ever until the first one with a day, and of grades of one moment the one that was loaded last. Amounts that findings recovered are left to those who may see findings."
-- owner = "enterprise-management"
-- refresh = "weekly"
-- unique = ["importer_id"]
--
-- [fresh]
-- table = "declaration"
-- days = 10
--
-- [columns.importer_id]
-- description = "Importer, as declarations name it"
-- is_required = true
-- reference = "declaration.importer_id"
-- [columns.enterprise_name]
-- description = "Registered name, that of the newest grade with one; absent when not registered"
-- [columns.role_code]
-- description = "What the enterprise does, by the register; absent when not registered"
-- [columns.grade_code]
-- description = "Credit grade in effect at the acceptance of its last declaration; unknown when not registered or not yet graded"
-- is_required = true
-- [columns.grade_effective_at]
-- description = "When that grade took effect; absent when not registered, not yet graded, or graded without a day"
-- [columns.grade_changes]
-- description = "Changes of the grade in the register up to that acceptance"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e4]
-- [columns.registered_at]
-- description = "When the enterprise was registered; absent when not registered"
-- [columns.first_accepted_at]
-- description = "Acceptance of its first declaration"
-- is_required = true
-- [columns.last_accepted_at]
-- description = "Acceptance of its last declaration"
-- is_required = true
-- [columns.active_months]
-- description = "Calendar months with a declaration"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e4]
-- [columns.offices]
-- description = "Offices at which it declared"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e5]
-- [columns.declarations]
-- description = "Declarations"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e9]
-- [columns.amended_declarations]
-- description = "Declarations that were amended after acceptance"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e9]
-- [columns.amendment_rate]
-- description = "Share of its declarations that was amended"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1.0]
-- [columns.goods_items]
-- description = "Goods items"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e9]
-- [columns.commodities]
-- description = "Harmonized System subheadings that it declared"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e5]
-- [columns.origin_countries]
-- description = "Countries of origin that it declared"
-- is_required = true
-- unit = "1"
-- range = [0.0, 300.0]
-- [columns.statistical_value_currency]
-- description = "Currency of the statistical value; absent where there is none or more than one"
-- [columns.statistical_value_amount]
-- description = "Statistical value; absent where no item states one or currencies differ"
-- range = [0.0, 1e18]
-- [columns.inspected_declarations]
-- description = "Declarations with a recorded result of an inspection"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e9]
-- [columns.discrepancy_declarations]
-- description = "Declarations of which an inspection recorded a discrepancy"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e9]
-- [columns.inspection_rate]
-- description = "Share of its declarations that has a recorded result"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1.0]
-- [columns.hit_rate]
-- description = "Share of its inspected declarations with a discrepancy; absent where none was inspected"
-- unit = "1"
-- range = [0.0, 1.0]
-- [columns.last_discrepancy_at]
-- description = "When the last discrepancy was recorded; absent where none was"
WITH newest AS (
  SELECT month, declaration_id, version_number, importer_id, office_id, accepted_at
  FROM (
    SELECT month, declaration_id, version_number, importer_id, office_id, accepted_at,
      row_number() OVER (PARTITION BY month, declaration_id ORDER BY version_number DESC) AS place
    FROM declaration
  ) v
  WHERE place = 1 AND importer_id IS NOT NULL
),
inspected AS (
  SELECT month, declaration_id, bool_or(result_code = 'discrepancy') AS is_discrepancy,
    max(CASE WHEN result_code = 'discrepancy' THEN recorded_at END) AS discrepancy_at
  FROM inspection
  WHERE result_code IN ('conform', 'discrepancy')
  GROUP BY month, declaration_id
),
declared AS (
  SELECT n.importer_id, min(n.accepted_at) AS first_accepted_at, max(n.accepted_at) AS last_accepted_at,
    count(DISTINCT n.month) AS active_months, count(DISTINCT n.office_id) AS offices, count(*) AS declarations,
    count(*) FILTER (WHERE n.version_number > 1) AS amended, count(i.declaration_id) AS inspected,
    count(*) FILTER (WHERE i.is_discrepancy) AS discrepancy, max(i.discrepancy_at) AS last_discrepancy_at
  FROM newest n
  LEFT JOIN inspected i ON i.month = n.month AND i.declaration_id = n.declaration_id
  GROUP BY n.importer_id
),
goods AS (
  SELECT n.importer_id, count(*) AS goods_items, count(DISTINCT g.commodity_hs6) AS commodities,
    count(DISTINCT g.origin_country_code) AS origins, sum(g.statistical_value_amount) AS amount,
    min(g.statistical_value_currency) AS first_currency, max(g.statistical_value_currency) AS last_currency
  FROM newest n
  JOIN goods_item g ON g.month = n.month AND g.declaration_id = n.declaration_id AND g.version_number = n.version_number
  GROUP BY n.importer_id
),
register AS (
  SELECT enterprise_id, min(registered_at) AS registered_at,
    last_value(name ORDER BY grade_effective_at NULLS FIRST, loaded_at NULLS FIRST, load_id, source_row)
      FILTER (WHERE name IS NOT NULL) AS name,
    last_value(role_code ORDER BY grade_effective_at NULLS FIRST, loaded_at NULLS FIRST, load_id, source_row)
      FILTER (WHERE role_code IS NOT NULL) AS role_code
  FROM enterprise
  GROUP BY enterprise_id
),
graded AS (
  SELECT enterprise_id, grade_effective_at, last_value(grade_code ORDER BY loaded_at NULLS FIRST, load_id, source_row) AS grade_code
  FROM enterprise
  WHERE grade_code IS NOT NULL
  GROUP BY enterprise_id, grade_effective_at
),
grade AS (
  SELECT d.importer_id, last_value(g.grade_code ORDER BY g.grade_effective_at NULLS FIRST) AS grade_code,
    max(g.grade_effective_at) AS grade_effective_at, count(*) AS grades
  FROM declared d
  JOIN graded g ON g.enterprise_id = d.importer_id
    AND (g.grade_effective_at IS NULL OR g.grade_effective_at <= d.last_accepted_at)
  GROUP BY d.importer_id
)
SELECT
  d.importer_id AS importer_id,
  r.name AS enterprise_name,
  r.role_code AS role_code,
  coalesce(c.grade_code, 'unknown') AS grade_code,
  c.grade_effective_at AS grade_effective_at,
  CAST(greatest(coalesce(c.grades, 0) - 1, 0) AS BIGINT) AS grade_changes,
  r.registered_at AS registered_at,
  d.first_accepted_at AS first_accepted_at,
  d.last_accepted_at AS last_accepted_at,
  CAST(d.active_months AS BIGINT) AS active_months,
  CAST(d.offices AS BIGINT) AS offices,
  CAST(d.declarations AS BIGINT) AS declarations,
  CAST(d.amended AS BIGINT) AS amended_declarations,
  CAST(d.amended AS DOUBLE) / d.declarations AS amendment_rate,
  CAST(coalesce(g.goods_items, 0) AS BIGINT) AS goods_items,
  CAST(coalesce(g.commodities, 0) AS BIGINT) AS commodities,
  CAST(coalesce(g.origins, 0) AS BIGINT) AS origin_countries,
  CASE WHEN g.first_currency = g.last_currency THEN g.first_currency END AS statistical_value_currency,
  CASE WHEN g.first_currency = g.last_currency THEN g.amount END AS statistical_value_amount,
  CAST(d.inspected AS BIGINT) AS inspected_declarations,
  CAST(d.discrepancy AS BIGINT) AS discrepancy_declarations,
  CAST(d.inspected AS DOUBLE) / d.declarations AS inspection_rate,
  CAST(d.discrepancy AS DOUBLE) / nullif(d.inspected, 0) AS hit_rate,
  d.last_discrepancy_at AS last_discrepancy_at
FROM declared d
LEFT JOIN goods g ON g.importer_id = d.importer_id
LEFT JOIN register r ON r.enterprise_id = d.importer_id
LEFT JOIN grade c ON c.importer_id = d.importer_id
