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
