-- What DBeaver asks the catalog for, in words of our own: on connecting, when a schema's tables are opened, and when a table is.
-- `-- with` has the values of parameters; `{table}` is the number of the table `declaration`.

-- where one is
SELECT current_schema(), session_user

-- search path
SHOW search_path

-- version
SELECT version()

-- the database
SELECT b.oid, b.* FROM pg_catalog.pg_database b WHERE datallowconn AND NOT datistemplate AND b.datname = $1 ORDER BY b.datname
-- with inspection

-- description of the database
SELECT s.description FROM pg_shdescription s JOIN pg_database b ON s.objoid = b.oid WHERE b.datname = $1
-- with inspection

-- a setting
SELECT * FROM pg_catalog.pg_settings WHERE name = 'standard_conforming_strings'

-- whether there are enums
SELECT * FROM pg_catalog.pg_enum WHERE 1 <> 1 LIMIT 1

-- whether tables have types
SELECT reltype FROM pg_catalog.pg_class WHERE 1 <> 1 LIMIT 1

-- schemas
SELECT s.oid, s.*, t.description FROM pg_catalog.pg_namespace s LEFT OUTER JOIN pg_catalog.pg_description t
ON t.objoid = s.oid AND t.objsubid = 0 AND t.classoid = 'pg_namespace'::regclass ORDER BY nspname

-- types
SELECT y.oid, y.*, r.relkind, format_type(nullif(y.typbasetype, 0), y.typtypmod) AS base_type_name, t.description
FROM pg_catalog.pg_type y LEFT OUTER JOIN pg_catalog.pg_type e ON e.oid = y.typelem
LEFT OUTER JOIN pg_catalog.pg_class r ON r.oid = y.typrelid LEFT OUTER JOIN pg_catalog.pg_description t ON y.oid = t.objoid
WHERE y.typname IS NOT NULL AND (r.relkind IS NULL OR r.relkind = 'c') AND (e.typcategory IS NULL OR e.typcategory <> 'C')

-- a type by its number
SELECT y.oid, y.*, r.relkind, format_type(nullif(y.typbasetype, 0), y.typtypmod) AS base_type_name
FROM pg_catalog.pg_type y LEFT OUTER JOIN pg_class r ON r.oid = y.typrelid WHERE y.oid = $1
-- with 1700

-- roles
SELECT r.oid, r.*, t.description FROM pg_catalog.pg_roles r LEFT JOIN pg_catalog.pg_shdescription t ON r.oid = t.objoid
ORDER BY r.rolname

-- places of tables
SELECT p.oid, p.*, pg_tablespace_location(p.oid) loc FROM pg_catalog.pg_tablespace p ORDER BY p.oid

-- languages
SELECT l.oid, l.* FROM pg_catalog.pg_language l ORDER BY l.oid

-- ways of access
SELECT m.oid, m.* FROM pg_catalog.pg_am m ORDER BY m.oid

-- encodings
SELECT e.contoencoding AS encid, pg_catalog.pg_encoding_to_char(e.contoencoding) AS encname
FROM pg_catalog.pg_conversion e GROUP BY e.contoencoding ORDER BY 2

-- extensions
SELECT x.oid, x.*, n.nspname AS schema_name FROM pg_catalog.pg_extension x
JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace ORDER BY x.oid

-- tables
SELECT r.oid, r.*, t.description, pg_catalog.pg_get_expr(r.relpartbound, r.oid) AS partition_expr,
pg_catalog.pg_get_partkeydef(r.oid) AS partition_key FROM pg_catalog.pg_class r LEFT OUTER JOIN pg_catalog.pg_description t
ON t.objoid = r.oid AND t.objsubid = 0 AND t.classoid = 'pg_class'::regclass
WHERE r.relnamespace = $1 AND r.relkind NOT IN ('i', 'I', 'c')
-- with 2200

-- sizes of tables
SELECT r.oid, pg_catalog.pg_total_relation_size(r.oid) AS total_rel_size, pg_catalog.pg_relation_size(r.oid) AS rel_size
FROM pg_class r WHERE r.relnamespace = $1
-- with 2200

-- procedures
SELECT p.oid, p.*, pg_catalog.pg_get_expr(p.proargdefaults, 0) AS arg_defaults, t.description FROM pg_catalog.pg_proc p
LEFT OUTER JOIN pg_catalog.pg_description t ON t.objoid = p.oid WHERE p.pronamespace = $1 ORDER BY p.proname
-- with 2200

-- aggregates
SELECT p.oid AS proc_oid, p.proname AS proc_name, a.* FROM pg_catalog.pg_aggregate a, pg_catalog.pg_proc p
WHERE p.oid = a.aggfnoid AND p.pronamespace = $1
-- with 2200

-- columns
SELECT r.relname, a.*, pg_catalog.pg_get_expr(f.adbin, f.adrelid, true) AS def_value, t.description, p.objid
FROM pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_class r ON (a.attrelid = r.oid)
LEFT OUTER JOIN pg_catalog.pg_attrdef f ON (a.attrelid = f.adrelid AND a.attnum = f.adnum)
LEFT OUTER JOIN pg_catalog.pg_description t ON (r.oid = t.objoid AND a.attnum = t.objsubid)
LEFT OUTER JOIN pg_depend p ON p.refobjid = a.attrelid AND p.deptype = 'i' AND p.refobjsubid = a.attnum
AND p.classid = p.refclassid WHERE NOT a.attisdropped AND r.relkind NOT IN ('i', 'I', 'c') AND r.oid = $1 ORDER BY a.attnum
-- with {table}

-- constraints
SELECT k.oid, k.*, r.relname AS tabrelname, o.relnamespace AS refnamespace, t.description,
CASE WHEN k.contype = 'c' THEN "substring"(pg_get_constraintdef(k.oid), 7) ELSE null END consrc_copy
FROM pg_catalog.pg_constraint k INNER JOIN pg_catalog.pg_class r ON r.oid = k.conrelid
LEFT OUTER JOIN pg_catalog.pg_class o ON o.oid = k.confrelid LEFT OUTER JOIN pg_catalog.pg_description t
ON t.objoid = k.oid AND t.objsubid = 0 AND t.classoid = 'pg_constraint'::regclass WHERE k.conrelid = $1 ORDER BY k.oid
-- with {table}

-- constraints of other tables
SELECT DISTINCT connamespace FROM pg_catalog.pg_constraint WHERE confrelid = $1
-- with {table}

-- indexes
SELECT x.*, x.indkey AS keys, r.relname, r.relnamespace, r.relam, r.reltablespace, o.relname AS tabrelname, t.description,
pg_catalog.pg_get_expr(x.indpred, x.indrelid) AS pred_expr, pg_catalog.pg_get_expr(x.indexprs, x.indrelid, true) AS expr,
pg_catalog.pg_relation_size(x.indexrelid) AS index_rel_size, pg_catalog.pg_stat_get_numscans(x.indexrelid) AS index_num_scans
FROM pg_catalog.pg_index x INNER JOIN pg_catalog.pg_class r ON r.oid = x.indexrelid
INNER JOIN pg_catalog.pg_class o ON o.oid = x.indrelid LEFT OUTER JOIN pg_catalog.pg_description t ON x.indexrelid = t.objoid
WHERE x.indrelid = $1 ORDER BY tabrelname, r.relname
-- with {table}

-- triggers
SELECT g.oid, g.*, p.pronamespace AS func_schema_id, t.description FROM pg_catalog.pg_trigger g
LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid LEFT OUTER JOIN pg_catalog.pg_description t
ON t.objoid = g.oid AND t.objsubid = 0 WHERE g.tgrelid = $1 AND NOT g.tgisinternal
-- with {table}

-- rules
SELECT u.oid, u.*, pg_get_ruledef(u.oid) AS definition FROM pg_rewrite u WHERE u.ev_class = $1 AND u.rulename <> '_RETURN'::name
-- with {table}

-- policies of rows
SELECT * FROM pg_catalog.pg_policies WHERE schemaname = $1 AND tablename = $2
-- with public, declaration

-- parents
SELECT i.*, r.relnamespace FROM pg_catalog.pg_inherits i, pg_catalog.pg_class r WHERE i.inhrelid = $1 AND r.oid = i.inhparent
ORDER BY i.inhseqno
-- with {table}

-- children
SELECT i.*, r.relname FROM pg_catalog.pg_inherits i, pg_catalog.pg_class r WHERE i.inhparent = $1 AND r.oid = i.inhrelid
-- with {table}

-- sequences of a schema
SELECT * FROM pg_catalog.pg_sequences WHERE schemaname = $1
-- with public

-- sessions
SELECT a.* FROM pg_stat_activity a

-- rights
SELECT has_table_privilege(r.oid, 'SELECT') AS reads, has_table_privilege('declaration', 'INSERT') AS writes
FROM pg_catalog.pg_class r WHERE r.oid = $1
-- with {table}
