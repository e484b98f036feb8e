-- Twenty questions of analysts, one a paragraph, in the SQL that both engines read.

SELECT office_id, count(*) AS n FROM declaration GROUP BY office_id ORDER BY n DESC, office_id;

SELECT month, count(*) AS n, sum(customs_value_amount) AS value FROM goods_item GROUP BY month ORDER BY month;

SELECT commodity_hs6, count(*) AS n, sum(customs_value_amount) AS value FROM goods_item GROUP BY commodity_hs6 ORDER BY value DESC, commodity_hs6 LIMIT 20;

SELECT origin_country_code, avg(CAST(customs_value_amount AS DOUBLE) / nullif(CAST(net_mass_kg AS DOUBLE), 0)) AS price FROM goods_item GROUP BY origin_country_code ORDER BY origin_country_code;

SELECT count(*) AS n FROM goods_item WHERE commodity_hs6 = '870323' AND origin_country_code = 'DE';

SELECT d.importer_id, sum(i.customs_value_amount) AS value FROM goods_item i JOIN declaration d ON d.month = i.month AND d.declaration_id = i.declaration_id AND d.version_number = i.version_number GROUP BY d.importer_id ORDER BY value DESC, d.importer_id LIMIT 10;

SELECT month, count(DISTINCT importer_id) AS importers FROM declaration GROUP BY month ORDER BY month;

SELECT substr(commodity_hs6, 1, 2) AS chapter, origin_country_code, count(*) AS n FROM goods_item GROUP BY 1, 2 ORDER BY n DESC, 1, 2 LIMIT 50;

SELECT office_id, border_transport_mode_code, count(*) AS n FROM declaration GROUP BY office_id, border_transport_mode_code ORDER BY office_id, border_transport_mode_code;

SELECT count(*) AS n, min(accepted_at) AS first, max(accepted_at) AS last FROM declaration WHERE month = '2025-03';

SELECT commodity_hs6, count(*) AS n FROM goods_item WHERE customs_value_amount > 100000 GROUP BY commodity_hs6 ORDER BY n DESC, commodity_hs6 LIMIT 20;

SELECT importer_id, count(*) AS n FROM declaration GROUP BY importer_id HAVING count(*) > 50 ORDER BY n DESC, importer_id LIMIT 100;

SELECT i.commodity_hs6, max(i.customs_value_amount) AS most FROM goods_item i WHERE i.month = '2025-06' GROUP BY i.commodity_hs6 ORDER BY most DESC, i.commodity_hs6 LIMIT 20;

SELECT export_country_code, month, count(*) AS n FROM declaration GROUP BY export_country_code, month ORDER BY export_country_code, month;

SELECT count(*) AS n FROM goods_item i WHERE EXISTS (SELECT 1 FROM declaration d WHERE d.month = i.month AND d.declaration_id = i.declaration_id AND d.version_number = i.version_number AND d.office_id = '1101');

SELECT origin_country_code, count(*) AS n FROM goods_item WHERE commodity_description LIKE '%steel%' GROUP BY origin_country_code ORDER BY n DESC, origin_country_code;

SELECT commodity_hs6, importers FROM (SELECT i.commodity_hs6, count(DISTINCT d.importer_id) AS importers FROM goods_item i JOIN declaration d ON d.month = i.month AND d.declaration_id = i.declaration_id AND d.version_number = i.version_number GROUP BY i.commodity_hs6) t ORDER BY importers DESC, commodity_hs6 LIMIT 20;

SELECT month, commodity_hs6, n FROM (SELECT month, commodity_hs6, n, row_number() OVER (PARTITION BY month ORDER BY n DESC, commodity_hs6) AS place FROM (SELECT month, commodity_hs6, count(*) AS n FROM goods_item GROUP BY month, commodity_hs6) c) r WHERE place <= 3 ORDER BY month, place;

SELECT sum(CASE WHEN net_mass_kg IS NULL THEN 1 ELSE 0 END) AS missing, count(*) AS n, sum(customs_value_amount) AS value FROM goods_item;

SELECT declaration_id, office_id, invoice_amount FROM declaration WHERE importer_id = (SELECT min(importer_id) FROM declaration) ORDER BY declaration_id LIMIT 100;
