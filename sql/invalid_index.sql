-- Proves: an invalid index is not taken for done by IF NOT EXISTS; a concurrent command that fails names in its
-- hint what it left and how to mend it, or drops it if asked to; one that left nothing adds nothing.
-- Real waits, cancels, timeouts and crashes: test/t/011 and test/isolation.
LOAD 'pg_safe_index';
SET client_min_messages = notice;
CREATE SCHEMA app;
CREATE TABLE t (a int, b int);
INSERT INTO t SELECT i, i FROM generate_series(1, 100) i;
UPDATE t SET a = 1 WHERE b = 2;
CREATE TABLE clean (a int);
-- one that is there in every state of pg_index; what the test shows of the view
CREATE EXTENSION pg_safe_index;
CREATE VIEW invalid AS
	SELECT schemaname, tablename, indexname, size >= 0 AS sized, building, pid, drop_command, reindex_command
	  FROM pg_safe_index_invalid ORDER BY indexname COLLATE "C", schemaname COLLATE "C";

\echo *** a build that fails
CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a);
TABLE invalid;
SELECT indexdef FROM pg_safe_index_invalid;
\echo *** before its first commit it leaves nothing
CREATE UNIQUE INDEX CONCURRENTLY t_c ON t (a) TABLESPACE nowhere;
CREATE INDEX CONCURRENTLY t_b ON t (b nonsense_ops);
BEGIN;
CREATE UNIQUE INDEX CONCURRENTLY t_c ON t (a);
ROLLBACK;
\echo *** an error in an expression, in a predicate; a name that PostgreSQL chooses; a schema that is not in the path
CREATE INDEX CONCURRENTLY ON t ((1 / (b - 50)));
CREATE INDEX CONCURRENTLY "t pred" ON t (b) WHERE 1 / (b - 50) > 0;
CREATE TABLE app.t (a int);
INSERT INTO app.t VALUES (1), (1);
CREATE UNIQUE INDEX CONCURRENTLY t_a ON app.t (a);
TABLE invalid;

\echo *** IF NOT EXISTS
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a);
CREATE INDEX IF NOT EXISTS "t pred" ON t (b);
\echo ... of another table, of one with its own schema
CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a ON clean (a);
CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a ON app.t (a);
\echo ... a new table, a temporary one, in a transaction
BEGIN;
CREATE TABLE new (a int);
CREATE INDEX IF NOT EXISTS t_a ON new (a);
ROLLBACK;
BEGIN;
CREATE TEMPORARY TABLE temporary (a int);
CREATE INDEX IF NOT EXISTS t_a ON temporary (a);
CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a);
ROLLBACK;
\echo ... a valid one, a table of that name
CREATE INDEX CONCURRENTLY valid ON clean (a);
CREATE INDEX CONCURRENTLY IF NOT EXISTS valid ON t (a);
CREATE INDEX CONCURRENTLY IF NOT EXISTS clean ON t (a);
\echo ... mode warn, off; what is not checked; in a function
SET pg_safe_index.mode = warn;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a);
SET pg_safe_index.mode = off;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a);
RESET pg_safe_index.mode;
SET pg_safe_index.operations = 'drop_index';
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a);
RESET pg_safe_index.operations;
SET pg_safe_index.min_table_size = '1GB';
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a);
RESET pg_safe_index.min_table_size;
DO $$ BEGIN CREATE INDEX IF NOT EXISTS t_a ON t (a); END $$;
\echo ... the fields of the error
DO $$
DECLARE s text; t text; c text; code text;
BEGIN
	CREATE INDEX IF NOT EXISTS t_a ON t (a);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS s = SCHEMA_NAME, t = TABLE_NAME, c = CONSTRAINT_NAME, code = RETURNED_SQLSTATE;
	RAISE NOTICE '% % % %', code, s, t, c;
END $$;
\echo ... the table of another role: nothing is told
CREATE ROLE psi_stranger;
GRANT CREATE, USAGE ON SCHEMA public TO psi_stranger;
SET ROLE psi_stranger;
CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a);
SELECT count(*) FROM pg_safe_index_invalid;
RESET ROLE;

\echo *** the name is taken
CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a);
CREATE INDEX CONCURRENTLY valid ON t (a);
SET pg_safe_index.mode = off;
CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a);
CREATE UNIQUE INDEX CONCURRENTLY t_a2 ON t (a);
RESET pg_safe_index.mode;
DROP INDEX CONCURRENTLY t_a2;

\echo *** the commands from the view mend it
SELECT drop_command FROM pg_safe_index_invalid WHERE indexname = 't pred' \gexec
UPDATE t SET b = 200 WHERE b = 50;
SELECT reindex_command FROM pg_safe_index_invalid WHERE indexname = 't_expr_idx' \gexec
TABLE invalid;

\echo *** REINDEX: what it leaves it leaves beside
REINDEX INDEX CONCURRENTLY t_a;
REINDEX (CONCURRENTLY) INDEX t_a;
TABLE invalid;
DROP INDEX CONCURRENTLY t_a_ccnew;
DROP INDEX CONCURRENTLY t_a_ccnew1;
\echo ... of a table with several
CREATE FUNCTION whole(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
	$$ BEGIN IF current_setting('psi.fail', true) = 'on' THEN RAISE EXCEPTION 'as asked for'; END IF; RETURN $1; END $$;
CREATE TABLE two (a int, b int);
INSERT INTO two VALUES (1, 1);
CREATE INDEX CONCURRENTLY two_b ON two (b);
CREATE INDEX CONCURRENTLY two_whole ON two (whole(a));
SET psi.fail = on;
REINDEX TABLE CONCURRENTLY two;
SELECT indexrelid::regclass, indisvalid FROM pg_index
 WHERE indrelid = 'two'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";
DROP INDEX CONCURRENTLY two_b_ccnew;
DROP INDEX CONCURRENTLY two_whole_ccnew;

\echo ... with a TOAST table, whose index PostgreSQL does not rebuild while it is invalid
CREATE TABLE toasted (a text);
INSERT INTO toasted VALUES ('x');
RESET psi.fail;
CREATE INDEX CONCURRENTLY toasted_whole ON toasted (whole(length(a)));
SET psi.fail = on;
\set VERBOSITY terse
REINDEX TABLE CONCURRENTLY toasted;
\set VERBOSITY default
SELECT schemaname, regexp_replace(indexname, '[0-9]+', 'N') AS indexname, reindex_command FROM pg_safe_index_invalid
 WHERE tablename = 'toasted' OR schemaname = 'pg_toast' ORDER BY schemaname COLLATE "C";
SET pg_safe_index.mode = off;
DROP TABLE toasted;
RESET pg_safe_index.mode;

\echo ... and is taken by the index of a partitioned table: then it is to be rebuilt
SET pg_safe_index.mode = off;
CREATE TABLE cp (a int) PARTITION BY RANGE (a);
CREATE TABLE cp_1 PARTITION OF cp FOR VALUES FROM (0) TO (10);
CREATE INDEX cp_1_a_ccnew ON cp_1 (a);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'cp_1_a_ccnew'::regclass;
CREATE INDEX cp_a ON cp (a);
SELECT indexname, drop_command, reindex_command FROM pg_safe_index_invalid WHERE tablename = 'cp_1';
REINDEX INDEX CONCURRENTLY cp_1_a_ccnew;
SELECT count(*) FROM pg_safe_index_invalid WHERE tablename = 'cp_1';
DROP TABLE cp;
RESET pg_safe_index.mode;

\echo *** drop_failed_builds
SET pg_safe_index.drop_failed_builds = on;
CREATE UNIQUE INDEX CONCURRENTLY t_b ON t (a);
REINDEX INDEX CONCURRENTLY t_a;
REINDEX TABLE CONCURRENTLY two;
RESET psi.fail;
\echo ... what was there before stays, unless it is what the command asks for: sql/retry.sql
TABLE invalid;
CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (b);
\echo ... in mode off as well, since it was asked for
SET pg_safe_index.mode = off;
CREATE UNIQUE INDEX CONCURRENTLY t_b ON t (a);
RESET pg_safe_index.mode;
TABLE invalid;
\echo ... when a module or an event trigger keeps it from it
CREATE FUNCTION no_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no drop today'; END $$;
CREATE EVENT TRIGGER no_drop ON ddl_command_start WHEN TAG IN ('DROP INDEX') EXECUTE FUNCTION no_drop();
CREATE UNIQUE INDEX CONCURRENTLY t_b ON t (a);
DROP EVENT TRIGGER no_drop;
DROP INDEX CONCURRENTLY t_b;
\echo ... an event trigger fails at the end of the command
CREATE EVENT TRIGGER no_index ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION no_drop();
CREATE INDEX CONCURRENTLY t_b ON t (a);
SET pg_safe_index.drop_failed_builds = off;
CREATE INDEX CONCURRENTLY t_b ON t (a);
DROP EVENT TRIGGER no_index;
DROP INDEX CONCURRENTLY t_b;

\echo *** invalid on purpose
CREATE TABLE p (a int) PARTITION BY RANGE (a);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE INDEX p_a ON ONLY p (a);
SELECT indisvalid FROM pg_index WHERE indexrelid = 'p_a'::regclass;
CREATE INDEX IF NOT EXISTS p_a ON ONLY p (a);
SELECT count(*) FROM pg_safe_index_invalid WHERE tablename = 'p';
\echo *** attached while invalid: it can be rebuilt, not dropped
INSERT INTO p VALUES (1), (1);
CREATE UNIQUE INDEX p_u ON ONLY p (a);
CREATE UNIQUE INDEX CONCURRENTLY p_1_u ON p_1 (a);
ALTER INDEX p_u ATTACH PARTITION p_1_u;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS p_1_u ON p_1 (a);
SELECT drop_command, reindex_command FROM invalid WHERE indexname = 'p_1_u';

\echo *** timeouts are told before a build, and only then
SET statement_timeout = '1h';
CREATE INDEX CONCURRENTLY clean_1 ON clean (a);
SET lock_timeout = '2h';
REINDEX INDEX CONCURRENTLY clean_1;
REINDEX TABLE CONCURRENTLY clean;
\echo ... nothing is built
CREATE INDEX CONCURRENTLY IF NOT EXISTS clean_1 ON clean (a);
CREATE INDEX CONCURRENTLY no_1 ON no_table (a);
CREATE INDEX CONCURRENTLY no_1 ON pg_class (relname);
CREATE INDEX CONCURRENTLY no_1 ON p (a);
BEGIN;
CREATE INDEX CONCURRENTLY no_1 ON clean (a);
ROLLBACK;
CREATE TEMPORARY TABLE temporary (a int);
CREATE INDEX CONCURRENTLY ON temporary (a);
REINDEX SCHEMA CONCURRENTLY pg_temp_nobody;
DROP INDEX CONCURRENTLY clean_1;
\echo ... off, suspended
SET pg_safe_index.mode = off;
CREATE INDEX CONCURRENTLY clean_1 ON clean (a);
RESET pg_safe_index.mode;
SET pg_safe_index.suspend_timeouts = on;
CREATE INDEX CONCURRENTLY clean_2 ON clean (a);
SHOW lock_timeout;
CREATE UNIQUE INDEX CONCURRENTLY t_b ON t (a);
SHOW lock_timeout;
SHOW statement_timeout;
RESET statement_timeout;
RESET lock_timeout;

RESET pg_safe_index.suspend_timeouts;
SET pg_safe_index.mode = off;
DROP EXTENSION pg_safe_index CASCADE;
DROP TABLE t, clean, two, p, temporary;
DROP SCHEMA app CASCADE;
DROP FUNCTION whole(int), no_drop();
REVOKE ALL ON SCHEMA public FROM psi_stranger;
DROP ROLE psi_stranger;
