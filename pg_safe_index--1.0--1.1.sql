/* pg_safe_index--1.0--1.1.sql */

-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION pg_safe_index UPDATE TO '1.1'" to load this file. \quit

-- Who does it: counters and the record of recent violations, in shared memory. They want the library in
-- shared_preload_libraries, and say so otherwise.

CREATE FUNCTION pg_safe_index_counters(OUT dbid oid, OUT operation text, OUT checked int8, OUT passed int8, OUT warned int8,
	OUT refused int8, OUT rewritten int8, OUT failed_builds int8, OUT stats_reset timestamptz)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pg_safe_index_counters'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE;

CREATE VIEW pg_safe_index_stats AS
SELECT d.datname, c.operation, pg_catalog.sum(c.checked)::int8 AS checked, pg_catalog.sum(c.passed)::int8 AS passed,
	   pg_catalog.sum(c.warned)::int8 AS warned, pg_catalog.sum(c.refused)::int8 AS refused,
	   pg_catalog.sum(c.rewritten)::int8 AS rewritten, pg_catalog.sum(c.failed_builds)::int8 AS failed_builds, c.stats_reset
  FROM pg_safe_index_counters() c
  LEFT JOIN pg_catalog.pg_database d ON d.oid = c.dbid
 -- a database that was dropped; those for which there was no place have no OID
 WHERE d.oid IS NOT NULL OR c.dbid IS NULL
 -- a reset at the wrong moment can leave a database with two places
 GROUP BY d.datname, c.operation, c.stats_reset;

COMMENT ON VIEW pg_safe_index_stats IS
	'per database and operation: how many were checked, and what became of them';

CREATE FUNCTION pg_safe_index_recent(OUT at timestamptz, OUT dbid oid, OUT userid oid, OUT application_name text,
	OUT client_addr text, OUT pid int4, OUT operation text, OUT schemaname text, OUT tablename text, OUT indexname text,
	OUT table_size int8, OUT mode text, OUT action text, OUT query text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pg_safe_index_recent'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE;

CREATE VIEW pg_safe_index_violations AS
SELECT v.at, d.datname, r.rolname AS usename, v.application_name, v.client_addr::pg_catalog.inet AS client_addr, v.pid,
	   v.operation, v.schemaname, v.tablename, v.indexname, v.table_size, v.mode, v.action, v.query
  FROM pg_safe_index_recent() v
  LEFT JOIN pg_catalog.pg_database d ON d.oid = v.dbid
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = v.userid;

COMMENT ON VIEW pg_safe_index_violations IS
	'the last violations of the cluster, as many as pg_safe_index.max_violations';

CREATE VIEW pg_safe_index_violations_summary AS
SELECT datname, usename, application_name, operation, schemaname, tablename, pg_catalog.count(*) AS violations,
	   pg_catalog.min(at) AS first_at, pg_catalog.max(at) AS last_at, pg_catalog.max(table_size) AS largest_table_size
  FROM pg_safe_index_violations
 GROUP BY datname, usename, application_name, operation, schemaname, tablename;

COMMENT ON VIEW pg_safe_index_violations_summary IS
	'who would be hit: violations on record by database, role, application, operation and table';

CREATE FUNCTION pg_safe_index_recent_info(OUT recorded int8, OUT lost int8, OUT stats_reset timestamptz)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pg_safe_index_recent_info'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE ROWS 1;

CREATE VIEW pg_safe_index_violations_info AS
SELECT recorded, lost, stats_reset FROM pg_safe_index_recent_info();

COMMENT ON VIEW pg_safe_index_violations_info IS
	'how many violations there were, and how many of them are not on record any more';

CREATE FUNCTION pg_safe_index_reset()
RETURNS void
AS 'MODULE_PATHNAME', 'pg_safe_index_reset'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION pg_safe_index_reset() IS
	'sets the counters to zero and forgets the violations on record';

REVOKE ALL ON FUNCTION pg_safe_index_reset() FROM PUBLIC;
GRANT SELECT ON pg_safe_index_stats, pg_safe_index_violations, pg_safe_index_violations_summary,
	pg_safe_index_violations_info TO PUBLIC;

-- ==== version 1.2: pg_safe_index_check() ====

CREATE FUNCTION pg_safe_index_check(script text, single_transaction boolean DEFAULT false, OUT statement int4, OUT line int4,
	OUT command text, OUT operation text, OUT object text, OUT verdict text, OUT reason text, OUT message text,
	OUT detail text, OUT hint text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pg_safe_index_check'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION pg_safe_index_check(text, boolean) IS
	'what would happen to each index command of a script, in mode error; executes nothing';
