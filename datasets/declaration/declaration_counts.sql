-- title = "Declarations"
-- description = "Declarations, goods items and amendments by month of acceptance, office, procedure and mode of transport at the border. Each declaration counts once, with its newest version, under the procedure of its first goods item."
-- owner = "clearance"
-- refresh = "daily"
-- increment = "month"
-- unique = ["month", "office_id", "declaration_type_code", "procedure_code", "border_transport_mode_code"]
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
-- [columns.declaration_type_code]
-- description = "Type of declaration; empty when not stated"
-- is_required = true
-- [columns.procedure_code]
-- description = "Procedure requested for the first goods item; empty when not stated"
-- is_required = true
-- [columns.border_transport_mode_code]
-- description = "Mode of transport crossing the border; empty when not stated"
-- is_required = true
-- [columns.declarations]
-- description = "Declarations"
-- is_required = true
-- unit = "1"
-- range = [1.0, 1e12]
-- [columns.goods_items]
-- description = "Goods items of the newest versions"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.amended_declarations]
-- description = "Declarations that were amended after acceptance: a version above 1 is loaded"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.amendment_rate]
-- description = "Share of the declarations that was amended"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1.0]
WITH newest AS (
  SELECT month, declaration_id, version_number, office_id, declaration_type_code, border_transport_mode_code
  FROM (
    SELECT month, declaration_id, version_number, office_id, declaration_type_code, border_transport_mode_code,
      row_number() OVER (PARTITION BY month, declaration_id ORDER BY version_number DESC) AS place
    FROM declaration
  ) v
  WHERE place = 1
),
item AS (
  SELECT month, declaration_id, version_number, count(*) AS goods_items,
    first_value(procedure_code ORDER BY goods_item_seq) AS procedure_code
  FROM goods_item
  GROUP BY month, declaration_id, version_number
),
counted AS (
  SELECT n.month, coalesce(n.office_id, '') AS office_id, coalesce(n.declaration_type_code, '') AS declaration_type_code,
    coalesce(i.procedure_code, '') AS procedure_code, coalesce(n.border_transport_mode_code, '') AS border_transport_mode_code,
    count(*) AS declarations, coalesce(sum(i.goods_items), 0) AS goods_items,
    count(*) FILTER (WHERE n.version_number > 1) AS amended
  FROM newest n
  LEFT JOIN item i ON i.month = n.month AND i.declaration_id = n.declaration_id AND i.version_number = n.version_number
  GROUP BY n.month, coalesce(n.office_id, ''), coalesce(n.declaration_type_code, ''), coalesce(i.procedure_code, ''),
    coalesce(n.border_transport_mode_code, '')
)
SELECT
  month AS month,
  office_id AS office_id,
  declaration_type_code AS declaration_type_code,
  procedure_code AS procedure_code,
  border_transport_mode_code AS border_transport_mode_code,
  CAST(declarations AS BIGINT) AS declarations,
  CAST(goods_items AS BIGINT) AS goods_items,
  CAST(amended AS BIGINT) AS amended_declarations,
  CAST(amended AS DOUBLE) / declarations AS amendment_rate
FROM counted
