/* pg_safe_index--1.1--1.2.sql */

-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION pg_safe_index UPDATE TO '1.2'" to load this file. \quit

-- The counters get a column for what runs since somebody has set pg_safe_index.mode to off. A function cannot get one, and
-- views of users may depend on this one: it stays, under another name, and the new one takes over its name and its grants.
ALTER FUNCTION pg_safe_index_counters() RENAME TO pg_safe_index_counters_1_1;

CREATE FUNCTION pg_safe_index_counters(OUT dbid oid, OUT operation text, OUT checked int8, OUT passed int8, OUT warned int8,
	OUT refused int8, OUT rewritten int8, OUT failed_builds int8, OUT stats_reset timestamptz, OUT overridden int8)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pg_safe_index_counters_1_2'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE;

DO $$
DECLARE
	granted record;
BEGIN
	FOR granted IN
		SELECT 'REVOKE ALL ON FUNCTION pg_safe_index_counters() FROM PUBLIC' AS command
		  FROM pg_catalog.pg_proc
		 WHERE oid = 'pg_safe_index_counters_1_1()'::pg_catalog.regprocedure AND proacl IS NOT NULL
		UNION ALL
		SELECT pg_catalog.format('GRANT EXECUTE ON FUNCTION pg_safe_index_counters() TO %s%s',
				   CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::text END,
				   CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
		  FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) a
		 WHERE p.oid = 'pg_safe_index_counters_1_1()'::pg_catalog.regprocedure
	LOOP
		EXECUTE granted.command;
	END LOOP;
END
$$;

CREATE OR REPLACE VIEW pg_safe_index_stats AS
SELECT d.datname, c.operation, pg_catalog.sum(c.checked)::int8 AS checked, pg_catalog.sum(c.passed)::int8 AS passed,
	   pg_catalog.sum(c.warned)::int8 AS warned, pg_catalog.sum(c.refused)::int8 AS refused,
	   pg_catalog.sum(c.rewritten)::int8 AS rewritten, pg_catalog.sum(c.failed_builds)::int8 AS failed_builds, c.stats_reset,
	   pg_catalog.sum(c.overridden)::int8 AS overridden
  FROM pg_safe_index_counters() c
  LEFT JOIN pg_catalog.pg_database d ON d.oid = c.dbid
 -- a database that was dropped; those for which there was no place have no OID
 WHERE d.oid IS NOT NULL OR c.dbid IS NULL
 -- a reset at the wrong moment can leave a database with two places
 GROUP BY d.datname, c.operation, c.stats_reset;

-- Functions that tell what would be done, before it is done: below this line.

CREATE FUNCTION pg_safe_index_check(script text, single_transaction boolean DEFAULT false, OUT statement int4, OUT line int4,
	OUT command text, OUT operation text, OUT object text, OUT verdict text, OUT reason text, OUT message text,
	OUT detail text, OUT hint text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pg_safe_index_check'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION pg_safe_index_check(text, boolean) IS
	'what would happen to each index command of a script, in mode error; executes nothing';

CREATE FUNCTION pg_safe_index_plan(command text) RETURNS SETOF text
AS 'MODULE_PATHNAME', 'pg_safe_index_plan'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION pg_safe_index_plan(text) IS
	'the commands that do safely what an index command does; executes nothing';
