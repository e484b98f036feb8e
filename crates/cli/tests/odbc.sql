-- What psqlodbc asks the catalog for, in words of our own: on connecting, and for each function of ODBC that tells of tables.

-- on connecting
SHOW transaction_isolation

-- the type of large objects
SELECT oid, typbasetype FROM pg_type WHERE typname = 'lo'

-- SQLTables
SELECT relname, nspname, relkind FROM pg_catalog.pg_class c, pg_catalog.pg_namespace n WHERE relkind IN ('r', 'v', 'm', 'f', 'p')
AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1') AND n.oid = relnamespace ORDER BY nspname, relname

-- SQLTables of catalogs
SELECT NULL, NULL, NULL

-- SQLTables of schemas
SELECT NULL, nspname, NULL FROM pg_catalog.pg_namespace n
WHERE true AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1') ORDER BY nspname

-- SQLTables of types
SELECT NULL, NULL, relkind FROM (SELECT 'r' AS relkind UNION SELECT 'v' UNION SELECT 'm') AS a

-- SQLColumns
SELECT n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules,
c.relkind, c.oid, pg_get_expr(d.adbin, d.adrelid), CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE 0 END, t.typtypmod, 0,
attidentity, c.relhassubclass
FROM (((pg_catalog.pg_class c INNER JOIN pg_catalog.pg_namespace n
ON n.oid = c.relnamespace AND c.relname LIKE 'declaration' AND n.nspname LIKE 'public')
INNER JOIN pg_catalog.pg_attribute a ON (NOT a.attisdropped) AND a.attnum > 0 AND a.attrelid = c.oid)
INNER JOIN pg_catalog.pg_type t ON t.oid = a.atttypid)
LEFT OUTER JOIN pg_attrdef d ON a.atthasdef AND d.adrelid = a.attrelid AND d.adnum = a.attnum
ORDER BY n.nspname, c.relname, attnum

-- SQLPrimaryKeys
SELECT ta.attname, ia.attnum, ic.relname, n.nspname, tc.relname FROM pg_catalog.pg_attribute ta, pg_catalog.pg_attribute ia,
pg_catalog.pg_class tc, pg_catalog.pg_index i, pg_catalog.pg_namespace n, pg_catalog.pg_class ic
WHERE tc.relname = 'declaration' AND n.nspname = 'public' AND tc.oid = i.indrelid AND n.oid = tc.relnamespace
AND i.indisprimary = 't' AND ia.attrelid = i.indexrelid AND ta.attrelid = i.indrelid AND ta.attnum = i.indkey[ia.attnum-1]
AND ic.oid = i.indexrelid ORDER BY ia.attnum

-- SQLStatistics
SELECT c.relname, i.indkey, i.indisunique, i.indisclustered, a.amname, c.relhasrules, n.nspname, c.oid, 0, i.indoption
FROM pg_catalog.pg_index i, pg_catalog.pg_class c, pg_catalog.pg_class d, pg_catalog.pg_am a, pg_catalog.pg_namespace n
WHERE d.relname = 'declaration' AND n.nspname = 'public' AND n.oid = d.relnamespace AND d.oid = i.indrelid
AND i.indexrelid = c.oid AND c.relam = a.oid ORDER BY i.indisprimary DESC, i.indisunique, n.nspname, c.relname

-- SQLSpecialColumns
SELECT c.relhasrules, c.relkind, 0 AS relhasoids FROM pg_catalog.pg_namespace u, pg_catalog.pg_class c
WHERE u.oid = c.relnamespace AND c.relname = 'declaration' AND u.nspname = 'public'

-- SQLProcedures
SELECT ''::varchar AS PROCEDURE_CAT, nspname AS PROCEDURE_SCHEM, proname AS PROCEDURE_NAME,
CASE WHEN prorettype = 0 THEN 1::int2 ELSE 2::int2 END AS PROCEDURE_TYPE
FROM pg_catalog.pg_namespace, pg_catalog.pg_proc WHERE pg_proc.pronamespace = pg_namespace.oid
