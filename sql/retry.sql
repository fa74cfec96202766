-- Proves: a command that is sent again finds nothing of the attempt that failed in its way: CREATE INDEX CONCURRENTLY over
-- its own invalid index (mode rewrite, drop_failed_builds), REINDEX beside _ccnew and _ccold (mode rewrite). What is not
-- certainly a leftover stays.
-- Builds that are under way, protocols: test/t/021.
LOAD 'pg_safe_index';
SET client_min_messages = notice;
CREATE EXTENSION pg_safe_index;
CREATE VIEW indexes AS
	SELECT indrelid::regclass AS "table", indexrelid::regclass AS index, indisvalid FROM pg_index
	 WHERE indrelid::regclass::text ~ '^retry_' ORDER BY indexrelid::regclass::text COLLATE "C";
CREATE TABLE retry_t (a int, b int);
INSERT INTO retry_t SELECT n, n FROM generate_series(1, 10) n;
-- as a build leaves it
CREATE FUNCTION fails(name) RETURNS void LANGUAGE sql AS
	$$ UPDATE pg_index SET indisvalid = false WHERE indexrelid = $1::text::regclass $$;
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
SELECT fails('retry_a');

\echo *** the error of PostgreSQL without the settings, and where another index is wanted
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
SET pg_safe_index.mode = rewrite;
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a);
CREATE INDEX CONCURRENTLY retry_a ON retry_t (b) WHERE b > 0;
CREATE UNIQUE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
CREATE TABLE retry_other (a int, b int);
CREATE INDEX CONCURRENTLY retry_a ON retry_other (a) WHERE b > 0;
\echo ... where it refuses the command for another reason
BEGIN;
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
ROLLBACK;
\set VERBOSITY sqlstate
DO $$ BEGIN CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0; END $$;
\set VERBOSITY default
SELECT 1\; CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
CREATE ROLE psi_stranger;
GRANT CREATE ON SCHEMA public TO psi_stranger;
SET ROLE psi_stranger;
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM psi_stranger;
ALTER TABLE retry_t OWNER TO psi_stranger;
SET ROLE psi_stranger;
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
RESET ROLE;
ALTER TABLE retry_t OWNER TO CURRENT_USER;
SET default_transaction_read_only = on;
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
SET default_transaction_read_only = off;
\echo ... what is not checked
SET pg_safe_index.operations = 'drop_index';
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
RESET pg_safe_index.operations;
TABLE indexes;

\echo *** mode rewrite
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
TABLE indexes;
\echo ... one that is valid
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
\echo ... IF NOT EXISTS
SELECT fails('retry_a');
CREATE INDEX CONCURRENTLY IF NOT EXISTS retry_a ON retry_t (a) WHERE b > 0;
TABLE indexes;

\echo *** drop_failed_builds, in any mode
SET pg_safe_index.drop_failed_builds = on;
SET pg_safe_index.mode = error;
SELECT fails('retry_a');
SET default_transaction_read_only = on;
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
SET default_transaction_read_only = off;
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a);
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
SELECT fails('retry_a');
CREATE INDEX CONCURRENTLY IF NOT EXISTS retry_a ON retry_t (a) WHERE b > 0;
SET pg_safe_index.mode = warn;
SELECT fails('retry_a');
CREATE INDEX CONCURRENTLY IF NOT EXISTS retry_a ON retry_t (a) WHERE b > 0;
SET pg_safe_index.mode = off;
SELECT fails('retry_a');
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
\echo ... and if somebody else builds it meanwhile
CREATE FUNCTION build_first() RETURNS event_trigger LANGUAGE plpgsql AS
	$$ BEGIN
		IF current_setting('psi.inside', true) = 'on' THEN RETURN; END IF;
		PERFORM set_config('psi.inside', 'on', true);
		CREATE INDEX retry_a ON retry_t (a) WHERE b > 0;
	END $$;
CREATE EVENT TRIGGER build_first ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION build_first();
SELECT fails('retry_a');
CREATE INDEX CONCURRENTLY IF NOT EXISTS retry_a ON retry_t (a) WHERE b > 0;
DROP EVENT TRIGGER build_first;
DROP FUNCTION build_first();
\echo ... and if the build fails again, nothing is left
SET pg_safe_index.drop_failed_builds = off;
SET pg_safe_index.mode = error;
INSERT INTO retry_t VALUES (1, 11);
CREATE UNIQUE INDEX CONCURRENTLY retry_u ON retry_t (a);
SET pg_safe_index.drop_failed_builds = on;
CREATE UNIQUE INDEX CONCURRENTLY retry_u ON retry_t (a);
RESET pg_safe_index.drop_failed_builds;
TABLE indexes;
\echo ... an index that a partitioned index has taken cannot be dropped
SET pg_safe_index.mode = off;
CREATE TABLE retry_p (a int) PARTITION BY RANGE (a);
CREATE TABLE retry_p_1 PARTITION OF retry_p FOR VALUES FROM (0) TO (10);
CREATE INDEX retry_p_a ON retry_p (a);
SELECT fails('retry_p_1_a_idx');
SET pg_safe_index.mode = rewrite;
CREATE INDEX CONCURRENTLY retry_p_1_a_idx ON retry_p_1 (a);
\echo ... nor one that belongs to a constraint
CREATE TABLE retry_c (a int UNIQUE);
SELECT fails('retry_c_a_key');
CREATE UNIQUE INDEX CONCURRENTLY retry_c_a_key ON retry_c (a);
DROP TABLE retry_c;

\echo *** the drop is kept from it
CREATE FUNCTION no_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no drop today'; END $$;
CREATE EVENT TRIGGER no_drop ON ddl_command_start WHEN TAG IN ('DROP INDEX') EXECUTE FUNCTION no_drop();
SELECT fails('retry_a');
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
DROP EVENT TRIGGER no_drop;
CREATE INDEX CONCURRENTLY retry_a ON retry_t (a) WHERE b > 0;
TABLE indexes;

\echo *** what REINDEX CONCURRENTLY has left, on a table and its TOAST table
CREATE FUNCTION whole(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
	$$ BEGIN IF current_setting('psi.fail', true) = 'on' THEN RAISE EXCEPTION 'as asked for'; END IF; RETURN $1; END $$;
CREATE TABLE retry_r (a int, b text);
INSERT INTO retry_r VALUES (1, 'x');
CREATE INDEX CONCURRENTLY retry_whole ON retry_r (whole(a));
SET psi.fail = on;
\set VERBOSITY terse
SET client_min_messages = error;
REINDEX TABLE CONCURRENTLY retry_r;
REINDEX TABLE CONCURRENTLY retry_r;
RESET client_min_messages;
RESET psi.fail;
SELECT schemaname, regexp_replace(indexname, '[0-9]{4,}', 'N') AS indexname FROM pg_safe_index_invalid
 WHERE indexname ~ '_cc' ORDER BY schemaname COLLATE "C", indexname COLLATE "C";
\echo ... of a name that somebody else chose, of another table: they stay
CREATE INDEX CONCURRENTLY retry_whim_ccnew ON retry_r (a);
SELECT fails('retry_whim_ccnew');
CREATE INDEX CONCURRENTLY retry_whole_ccnew9 ON retry_t (a);
SELECT fails('retry_whole_ccnew9');
\echo ... an old index that was replaced; a long name, which PostgreSQL shortens
CREATE INDEX CONCURRENTLY retry_whole_ccold ON retry_r (whole(a));
SELECT fails('retry_whole_ccold');
CREATE INDEX CONCURRENTLY retry_a_name_as_long_as_names_can_be_which_is_sixty_three_bytes ON retry_r (a);
CREATE INDEX CONCURRENTLY retry_a_name_as_long_as_names_can_be_which_is_sixty_thre_ccnew1 ON retry_r (a);
SELECT fails('retry_a_name_as_long_as_names_can_be_which_is_sixty_thre_ccnew1');
\echo ... by its name: it is rebuilt, the others go
SET client_min_messages = error;
REINDEX INDEX retry_whole_ccold;
SELECT fails('retry_whole_ccold');
REINDEX TABLE retry_r;
RESET client_min_messages;
SELECT tablename, indexname FROM pg_safe_index_invalid WHERE indexname ~ '_cc' ORDER BY indexname COLLATE "C";
TABLE indexes;
\echo ... the owner cannot name what is in pg_toast
REINDEX INDEX retry_whole;
SET psi.fail = on;
SET client_min_messages = error;
REINDEX TABLE CONCURRENTLY retry_r;
RESET psi.fail;
ALTER TABLE retry_r OWNER TO psi_stranger;
GRANT CREATE ON SCHEMA public TO psi_stranger;
SET ROLE psi_stranger;
REINDEX TABLE retry_r;
RESET client_min_messages;
RESET ROLE;
SELECT schemaname, regexp_replace(indexname, '[0-9]{4,}', 'N') AS indexname FROM pg_safe_index_invalid
 WHERE indexname ~ '_cc' ORDER BY schemaname COLLATE "C", indexname COLLATE "C";
\set VERBOSITY default
\echo ... on the partitions
SET pg_safe_index.mode = off;
DROP INDEX retry_p_a;
CREATE INDEX retry_p_a ON retry_p (a);
CREATE INDEX retry_p_1_a_idx_ccnew ON retry_p_1 (a);
SELECT fails('retry_p_1_a_idx_ccnew');
SET pg_safe_index.mode = rewrite;
REINDEX TABLE retry_p;
SELECT * FROM indexes WHERE "table" = 'retry_p_1'::regclass;

SET client_min_messages = warning;
SET pg_safe_index.mode = off;
DROP TABLE retry_t, retry_other, retry_r, retry_p CASCADE;
DROP EXTENSION pg_safe_index CASCADE;
DROP VIEW indexes;
DROP FUNCTION fails(name), no_drop(), whole(int);
REVOKE ALL ON SCHEMA public FROM psi_stranger;
DROP ROLE psi_stranger;
