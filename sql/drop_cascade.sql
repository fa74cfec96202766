-- Proves: DROP ... CASCADE is a violation if it would drop an index of a table that stays and that others can see; the hint's
-- commands drop the index concurrently first.
CREATE SCHEMA psi_casc;
SET search_path = psi_casc;
SET pg_safe_index.mode = off;
CREATE FUNCTION half(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 2';
CREATE FUNCTION unused(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE COLLATION other FROM "C";
CREATE TYPE pair AS (a int, b int);
CREATE DOMAIN small AS int;
CREATE SCHEMA psi_casc_ops;
CREATE FUNCTION psi_casc_ops.twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2';
CREATE TABLE psi_casc_ops.inside (a int);
CREATE INDEX ON psi_casc_ops.inside (psi_casc_ops.twice(a));
CREATE OPERATOR CLASS int_ops FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
	FUNCTION 1 btint4cmp(int, int);
CREATE TABLE t (a int, b text, c small, d pair);
CREATE INDEX t_half ON t (half(a));
CREATE INDEX t_other ON t (b COLLATE other);
CREATE INDEX t_ops ON t (a int_ops);
CREATE INDEX t_twice ON t (psi_casc_ops.twice(a));
CREATE INDEX t_small ON t (c);
CREATE TEMP TABLE mine (a int);
CREATE INDEX mine_half ON mine (half(a));
RESET pg_safe_index.mode;

DROP FUNCTION half(int) CASCADE;
\set VERBOSITY terse
DROP FUNCTION half(int), unused(int) CASCADE;
DROP COLLATION other CASCADE;
DROP OPERATOR CLASS int_ops USING btree CASCADE;
DROP OPERATOR FAMILY int_ops USING btree CASCADE;
-- A table that goes as well is nobody's to wait for.
DROP SCHEMA psi_casc_ops CASCADE;
-- what PostgreSQL refuses, or what reaches no index
DROP FUNCTION half(int);
DROP FUNCTION nothing(int) CASCADE;
DROP TYPE nothing CASCADE;
DROP EXTENSION nothing CASCADE;
DROP COLLATION IF EXISTS nothing CASCADE;
DROP FUNCTION unused(int) CASCADE;
DROP TYPE pair CASCADE;
-- The table is locked anyway if the column goes.
DROP DOMAIN small CASCADE;
CREATE ROLE psi_casc_other;
GRANT USAGE ON SCHEMA psi_casc TO psi_casc_other;
SET ROLE psi_casc_other;
DROP FUNCTION half(int) CASCADE;
RESET ROLE;
-- The owner of the schema may drop what another role owns.
SET pg_safe_index.mode = off;
CREATE INDEX t_doubled ON t (psi_casc_ops.twice(a));
ALTER SCHEMA psi_casc_ops OWNER TO psi_casc_other;
RESET pg_safe_index.mode;
SET ROLE psi_casc_other;
DROP FUNCTION psi_casc_ops.twice(int) CASCADE;
RESET ROLE;
-- full text search
SET pg_safe_index.mode = off;
CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = simple);
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION words ALTER MAPPING FOR asciiword WITH plain;
CREATE INDEX t_words ON t USING gin (to_tsvector('words', b));
RESET pg_safe_index.mode;
DROP TEXT SEARCH CONFIGURATION words CASCADE;
DROP TEXT SEARCH DICTIONARY plain CASCADE;
-- small tables, and those that nobody else can see
SET pg_safe_index.min_table_size = '1MB';
DROP COLLATION other CASCADE;
RESET pg_safe_index.min_table_size;
-- The safe commands are not run instead: another command would have to be.
SET pg_safe_index.mode = rewrite;
DROP FUNCTION half(int) CASCADE;
RESET pg_safe_index.mode;
DROP INDEX CONCURRENTLY t_half;
DROP FUNCTION half(int) CASCADE;
BEGIN;
CREATE FUNCTION new(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE TABLE created (a int);
CREATE INDEX created_new ON created (new(a));
DROP FUNCTION new(int) CASCADE;
ROLLBACK;
SET pg_safe_index.mode = off;
DROP SCHEMA psi_casc, psi_casc_ops CASCADE;
DROP ROLE psi_casc_other;
