/* pg_safe_index--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION pg_safe_index" to load this file. \quit

-- The guard itself needs no SQL object: it works where the library is loaded (shared_preload_libraries).

CREATE FUNCTION pg_safe_index_version()
RETURNS text
AS 'MODULE_PATHNAME', 'pg_safe_index_version'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION pg_safe_index_version() IS
	'version of the pg_safe_index library that this session has loaded';

-- For one index; the view below is what to look at.
CREATE FUNCTION pg_safe_index_mending(index oid, OUT pid int4, OUT drop_command text, OUT reindex_command text)
AS 'MODULE_PATHNAME', 'pg_safe_index_mending'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION pg_safe_index_mending(oid) IS
	'who is at work on an invalid index, and the commands that mend it; null if it is not invalid';

CREATE VIEW pg_safe_index_invalid AS
SELECT n.nspname AS schemaname,
	   t.relname AS tablename,
	   c.relname AS indexname,
	   pg_catalog.pg_relation_size(c.oid) AS size,
	   m.pid IS NOT NULL AS building,
	   m.pid,
	   pg_catalog.pg_get_indexdef(c.oid) AS indexdef,
	   m.drop_command,
	   m.reindex_command
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 CROSS JOIN LATERAL pg_safe_index_mending(c.oid) m
 WHERE c.relkind = 'i' AND NOT (i.indisvalid AND i.indisready AND i.indislive)
	   -- valid or gone by now
   AND (m.drop_command IS NOT NULL OR m.reindex_command IS NOT NULL);

COMMENT ON VIEW pg_safe_index_invalid IS
	'indexes of this database that a concurrent command left invalid, or is building at this moment';

GRANT SELECT ON pg_safe_index_invalid TO PUBLIC;
