-- title = "Completeness of columns"
-- description = "In how many stored rows of a month a column has a value, for the tables of declarations and of what became of them. Columns that may be absent by their definition are listed, and no others: keys and lists always have a value, if an empty one. Columns graded above general-3 (who inspected) are left out, since one of them would raise the grade of every row. A declaration has a row for each version. Whether a value is right is told by the data set of warnings and remarks."
-- owner = "data-management"
-- refresh = "daily"
-- increment = "month"
-- unique = ["month", "table_name", "column_name"]
--
-- [fresh]
-- table = "declaration"
-- days = 3
--
-- [columns.month]
-- description = "Calendar month of acceptance, CCYY-MM"
-- is_required = true
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
-- range = [1.0, 1e12]
-- [columns.absent_rows]
-- description = "Rows without a value of the column"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1e12]
-- [columns.completeness_rate]
-- description = "Rows with a value of the column over rows of the table"
-- is_required = true
-- unit = "1"
-- range = [0.0, 1.0]
WITH counted AS (
  SELECT month, 'declaration' AS table_name, count(*) AS stored_rows, make_array(
    named_struct('column_name', 'accepted_at', 'present', count(accepted_at)),
    named_struct('column_name', 'issued_at', 'present', count(issued_at)),
    named_struct('column_name', 'function_code', 'present', count(function_code)),
    named_struct('column_name', 'declaration_type_code', 'present', count(declaration_type_code)),
    named_struct('column_name', 'lrn', 'present', count(lrn)),
    named_struct('column_name', 'mrn', 'present', count(mrn)),
    named_struct('column_name', 'office_id', 'present', count(office_id)),
    named_struct('column_name', 'goods_item_count', 'present', count(goods_item_count)),
    named_struct('column_name', 'package_count', 'present', count(package_count)),
    named_struct('column_name', 'gross_mass_total', 'present', count(gross_mass_total)),
    named_struct('column_name', 'gross_mass_total_unit', 'present', count(gross_mass_total_unit)),
    named_struct('column_name', 'invoice_amount', 'present', count(invoice_amount)),
    named_struct('column_name', 'invoice_currency', 'present', count(invoice_currency)),
    named_struct('column_name', 'declarant_id', 'present', count(declarant_id)),
    named_struct('column_name', 'agent_id', 'present', count(agent_id)),
    named_struct('column_name', 'agent_function_code', 'present', count(agent_function_code)),
    named_struct('column_name', 'exporter_id', 'present', count(exporter_id)),
    named_struct('column_name', 'exporter_name', 'present', count(exporter_name)),
    named_struct('column_name', 'exporter_country_code', 'present', count(exporter_country_code)),
    named_struct('column_name', 'importer_id', 'present', count(importer_id)),
    named_struct('column_name', 'importer_name', 'present', count(importer_name)),
    named_struct('column_name', 'consignee_id', 'present', count(consignee_id)),
    named_struct('column_name', 'consignee_name', 'present', count(consignee_name)),
    named_struct('column_name', 'seller_id', 'present', count(seller_id)),
    named_struct('column_name', 'seller_name', 'present', count(seller_name)),
    named_struct('column_name', 'buyer_id', 'present', count(buyer_id)),
    named_struct('column_name', 'buyer_name', 'present', count(buyer_name)),
    named_struct('column_name', 'carrier_id', 'present', count(carrier_id)),
    named_struct('column_name', 'export_country_code', 'present', count(export_country_code)),
    named_struct('column_name', 'destination_country_code', 'present', count(destination_country_code)),
    named_struct('column_name', 'transaction_nature_code', 'present', count(transaction_nature_code)),
    named_struct('column_name', 'incoterm_code', 'present', count(incoterm_code)),
    named_struct('column_name', 'incoterm_place_id', 'present', count(incoterm_place_id)),
    named_struct('column_name', 'border_transport_mode_code', 'present', count(border_transport_mode_code)),
    named_struct('column_name', 'border_transport_means_id', 'present', count(border_transport_means_id)),
    named_struct('column_name', 'border_transport_nationality_code', 'present', count(border_transport_nationality_code)),
    named_struct('column_name', 'border_port_id', 'present', count(border_port_id)),
    named_struct('column_name', 'border_crossing_at', 'present', count(border_crossing_at)),
    named_struct('column_name', 'transport_document_id', 'present', count(transport_document_id)),
    named_struct('column_name', 'container_code', 'present', count(container_code)),
    named_struct('column_name', 'goods_location_name', 'present', count(goods_location_name)),
    named_struct('column_name', 'goods_location_type_code', 'present', count(goods_location_type_code)),
    named_struct('column_name', 'warehouse_id', 'present', count(warehouse_id)),
    named_struct('column_name', 'warehouse_type_code', 'present', count(warehouse_type_code)),
    named_struct('column_name', 'trader_reference', 'present', count(trader_reference)),
    named_struct('column_name', 'supervision_mode_code', 'present', count(supervision_mode_code)),
    named_struct('column_name', 'levy_nature_code', 'present', count(levy_nature_code)),
    named_struct('column_name', 'payment_arrangement_code', 'present', count(payment_arrangement_code)),
    named_struct('column_name', 'contract_id', 'present', count(contract_id))
  ) AS listed
  FROM declaration
  GROUP BY month
  UNION ALL
  SELECT month, 'goods_item' AS table_name, count(*) AS stored_rows, make_array(
    named_struct('column_name', 'goods_item_seq', 'present', count(goods_item_seq)),
    named_struct('column_name', 'procedure_code', 'present', count(procedure_code)),
    named_struct('column_name', 'previous_procedure_code', 'present', count(previous_procedure_code)),
    named_struct('column_name', 'commodity_hs6', 'present', count(commodity_hs6)),
    named_struct('column_name', 'commodity_code', 'present', count(commodity_code)),
    named_struct('column_name', 'commodity_description', 'present', count(commodity_description)),
    named_struct('column_name', 'specification', 'present', count(specification)),
    named_struct('column_name', 'inspection_category_code', 'present', count(inspection_category_code)),
    named_struct('column_name', 'origin_country_code', 'present', count(origin_country_code)),
    named_struct('column_name', 'origin_type_code', 'present', count(origin_type_code)),
    named_struct('column_name', 'gross_mass_kg', 'present', count(gross_mass_kg)),
    named_struct('column_name', 'net_mass_kg', 'present', count(net_mass_kg)),
    named_struct('column_name', 'tariff_quantity', 'present', count(tariff_quantity)),
    named_struct('column_name', 'tariff_quantity_unit', 'present', count(tariff_quantity_unit)),
    named_struct('column_name', 'declared_quantity', 'present', count(declared_quantity)),
    named_struct('column_name', 'declared_quantity_unit', 'present', count(declared_quantity_unit)),
    named_struct('column_name', 'item_price_amount', 'present', count(item_price_amount)),
    named_struct('column_name', 'item_price_currency', 'present', count(item_price_currency)),
    named_struct('column_name', 'statistical_value_amount', 'present', count(statistical_value_amount)),
    named_struct('column_name', 'statistical_value_currency', 'present', count(statistical_value_currency)),
    named_struct('column_name', 'customs_value_amount', 'present', count(customs_value_amount)),
    named_struct('column_name', 'customs_value_currency', 'present', count(customs_value_currency)),
    named_struct('column_name', 'valuation_method_code', 'present', count(valuation_method_code)),
    named_struct('column_name', 'duty_type_code', 'present', count(duty_type_code)),
    named_struct('column_name', 'duty_regime_code', 'present', count(duty_regime_code)),
    named_struct('column_name', 'duty_rate_percent', 'present', count(duty_rate_percent)),
    named_struct('column_name', 'duty_payment_method_code', 'present', count(duty_payment_method_code)),
    named_struct('column_name', 'package_type_code', 'present', count(package_type_code)),
    named_struct('column_name', 'item_package_count', 'present', count(item_package_count)),
    named_struct('column_name', 'tariff_treatment_code', 'present', count(tariff_treatment_code)),
    named_struct('column_name', 'origin_marking_code', 'present', count(origin_marking_code)),
    named_struct('column_name', 'domestic_place_id', 'present', count(domestic_place_id)),
    named_struct('column_name', 'item_destination_country_code', 'present', count(item_destination_country_code)),
    named_struct('column_name', 'item_export_country_code', 'present', count(item_export_country_code))
  ) AS listed
  FROM goods_item
  GROUP BY month
  UNION ALL
  SELECT month, 'inspection' AS table_name, count(*) AS stored_rows, make_array(
    named_struct('column_name', 'goods_item_seq', 'present', count(goods_item_seq)),
    named_struct('column_name', 'recorded_at', 'present', count(recorded_at)),
    named_struct('column_name', 'lane_code', 'present', count(lane_code)),
    named_struct('column_name', 'result_code', 'present', count(result_code)),
    named_struct('column_name', 'loaded_at', 'present', count(loaded_at))
  ) AS listed
  FROM inspection
  GROUP BY month
  UNION ALL
  SELECT month, 'reinspection' AS table_name, count(*) AS stored_rows, make_array(
    named_struct('column_name', 'goods_item_seq', 'present', count(goods_item_seq)),
    named_struct('column_name', 'recorded_at', 'present', count(recorded_at)),
    named_struct('column_name', 'lane_code', 'present', count(lane_code)),
    named_struct('column_name', 'result_code', 'present', count(result_code)),
    named_struct('column_name', 'loaded_at', 'present', count(loaded_at))
  ) AS listed
  FROM reinspection
  GROUP BY month
  UNION ALL
  SELECT month, 'treatment_event' AS table_name, count(*) AS stored_rows, make_array(
    named_struct('column_name', 'recorded_at', 'present', count(recorded_at)),
    named_struct('column_name', 'event_code', 'present', count(event_code)),
    named_struct('column_name', 'site_id', 'present', count(site_id)),
    named_struct('column_name', 'seal_id', 'present', count(seal_id)),
    named_struct('column_name', 'temperature_c', 'present', count(temperature_c)),
    named_struct('column_name', 'humidity_percent', 'present', count(humidity_percent)),
    named_struct('column_name', 'cleanliness_class', 'present', count(cleanliness_class))
  ) AS listed
  FROM treatment_event
  GROUP BY month
),
told AS (
  SELECT month, table_name, stored_rows, unnest(listed) AS one
  FROM counted
)
SELECT
  month AS month,
  table_name AS table_name,
  get_field(one, 'column_name') AS column_name,
  CAST(stored_rows AS BIGINT) AS stored_rows,
  CAST(stored_rows - get_field(one, 'present') AS BIGINT) AS absent_rows,
  CAST(get_field(one, 'present') AS DOUBLE) / stored_rows AS completeness_rate
FROM told
