-- Proves: with in_transaction = postpone, CREATE INDEX and DROP INDEX inside a transaction block run after its COMMIT.
-- What can be known before is an error before it; what fails after it says so.
LOAD 'pg_safe_index';
SET pg_safe_index.mode = rewrite;
SET pg_safe_index.in_transaction = postpone;
CREATE TABLE pp (a int, b text, c int);
INSERT INTO pp SELECT n, 'b' || n, n FROM generate_series(1, 100) n;
CREATE TABLE pp_log (step text);
CREATE VIEW pp_indexes AS
	SELECT indexrelid::regclass AS index, indisvalid AS valid, pg_get_indexdef(indexrelid) AS definition
	  FROM pg_index WHERE indrelid = 'pp'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";

-- A plain command, one that says CONCURRENTLY, and one on a materialized view.
BEGIN;
INSERT INTO pp_log VALUES ('plain');
CREATE INDEX pp_a ON pp (a);
CREATE INDEX CONCURRENTLY ON pp (b);
CREATE MATERIALIZED VIEW pp_view AS SELECT 1 AS a;
TABLE pp_indexes;
COMMIT;
TABLE pp_indexes;
BEGIN;
CREATE INDEX pp_view_a ON pp_view (a);
END;
SELECT indisvalid FROM pg_index WHERE indexrelid = 'pp_view_a'::regclass;

-- DROP, then CREATE of the same name, also IF NOT EXISTS.
BEGIN;
DROP INDEX pp_a;
CREATE INDEX pp_a ON pp (a, c);
COMMIT;
TABLE pp_indexes;
BEGIN;
DROP INDEX pp_a, pp_b_idx;
CREATE INDEX IF NOT EXISTS pp_a ON pp (c);
CREATE INDEX IF NOT EXISTS pp_a ON pp (b);
COMMIT;
TABLE pp_indexes;

-- What is dropped again in the same transaction is not built.
BEGIN;
CREATE INDEX pp_c ON pp (c);
CREATE INDEX ON pp (c, a);
DROP INDEX pp_c, public.pp_c_a_idx;
DROP INDEX IF EXISTS pp_c;
COMMIT;
TABLE pp_indexes;
-- An index or a table that is gone needs nothing.
BEGIN;
CREATE TABLE pp_gone (a int);
SAVEPOINT s;
CREATE INDEX CONCURRENTLY pp_gone_a ON pp_gone (a);
DROP INDEX pp_a;
DROP TABLE pp_gone;
ALTER TABLE pp DROP COLUMN c;
COMMIT;
TABLE pp_indexes;

-- Savepoints: RELEASE hands over, ROLLBACK TO forgets, and takes back what was taken off. Open ones are no obstacle.
BEGIN;
CREATE INDEX pp_1 ON pp (a);
SAVEPOINT s;
CREATE INDEX pp_2 ON pp (a);
ROLLBACK TO s;
SAVEPOINT t;
CREATE INDEX pp_3 ON pp (a);
RELEASE t;
SAVEPOINT u;
DROP INDEX pp_1;
ROLLBACK TO u;
SAVEPOINT v;
INSERT INTO pp_log VALUES ('savepoints');
COMMIT;
TABLE pp_indexes;
BEGIN;
SAVEPOINT s;
DROP INDEX pp_1;
ROLLBACK;
BEGIN;
SAVEPOINT s;
DROP INDEX pp_1;
SELECT 1 / 0;
COMMIT;
TABLE pp_indexes;
DROP INDEX pp_1, pp_3;

-- AND CHAIN: the commands run before the next block begins, which is like the one before.
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO pp_log VALUES ('chain');
CREATE INDEX pp_1 ON pp (a);
COMMIT AND CHAIN;
SHOW transaction_isolation;
DROP INDEX pp_1;
COMMIT AND CHAIN;
CREATE INDEX pp_1 ON pp (a);
COMMIT;
TABLE pp_indexes;
DROP INDEX pp_1;
-- ... also with open savepoints, and after an error.
BEGIN ISOLATION LEVEL SERIALIZABLE;
SAVEPOINT s;
CREATE INDEX pp_1 ON pp (a);
SAVEPOINT t;
INSERT INTO pp_log VALUES ('chain with savepoints');
COMMIT AND CHAIN;
SHOW transaction_isolation;
TABLE pp_indexes;
SAVEPOINT t;
DROP INDEX pp_1;
COMMIT AND CHAIN;
SELECT 1 / 0;
COMMIT AND CHAIN;
SHOW transaction_isolation;
CREATE INDEX pp_1 ON pp (a);
DROP INDEX pp_1;
SAVEPOINT s;
SELECT 1 / 0;
ROLLBACK AND CHAIN;
CREATE INDEX pp_1 ON pp (a);
COMMIT;
DROP INDEX pp_1;
-- A string of several commands has no BEGIN, even if it begins where a block has ended.
BEGIN;
SELECT 1 / 0;
ROLLBACK AND CHAIN \; COMMIT \; CREATE INDEX pp_1 ON pp (a) \; SELECT 1;

-- What PostgreSQL would refuse is refused when it is sent.
\set VERBOSITY sqlstate
BEGIN; CREATE INDEX pp_1 ON pp (a nothing_ops); ROLLBACK;
BEGIN; CREATE INDEX pp_1 ON pp USING gin (a); ROLLBACK;
BEGIN; CREATE INDEX pp_1 ON pp (nothing); ROLLBACK;
BEGIN; CREATE INDEX pp_1 ON pp (nothing(a)); ROLLBACK;
BEGIN; CREATE INDEX pp_1 ON pp ((a + random())); ROLLBACK;
BEGIN; CREATE INDEX pp_1 ON pp (a) WITH (nothing = 1); ROLLBACK;
BEGIN; CREATE INDEX pp_1 ON pp (a) TABLESPACE nothing; ROLLBACK;
\set VERBOSITY default
BEGIN; CREATE INDEX pp_log ON pp (a); ROLLBACK;
BEGIN; CREATE INDEX pp_1 ON pp (a); CREATE INDEX pp_1 ON pp (b); ROLLBACK;
BEGIN; DROP INDEX nothing; ROLLBACK;
-- What needs the index gets PostgreSQL's own error, with a hint.
CREATE INDEX pp_old ON pp (a);
BEGIN; CREATE INDEX pp_1 ON pp (a); COMMENT ON INDEX pp_1 IS 'new'; ROLLBACK;
BEGIN; CREATE INDEX pp_1 ON pp (a); ALTER INDEX pp_1 RENAME TO pp_2; ROLLBACK;
BEGIN; CREATE INDEX pp_1 ON pp (a); CLUSTER pp USING pp_1; ROLLBACK;
BEGIN; DROP INDEX pp_old; CREATE TABLE pp_old (); ROLLBACK;
BEGIN; DROP INDEX pp_old; DROP INDEX pp_old; ROLLBACK;
-- A comment on an index that is to be dropped is no obstacle.
BEGIN; DROP INDEX pp_old; COMMENT ON INDEX pp_old IS 'old'; COMMIT;

CREATE SCHEMA pp_other;
CREATE TABLE pp_other.pp (a int, b text);
CREATE FUNCTION pp_function(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
-- What the transaction has changed meanwhile is found before the commit: everything is rolled back, and no block is left.
BEGIN; INSERT INTO pp_log VALUES ('not this'); CREATE INDEX pp_1 ON pp (a); CREATE TABLE pp_1 (); COMMIT;
BEGIN; CREATE INDEX pp_1 ON pp ((a + 1)); ALTER TABLE pp ALTER COLUMN a TYPE bigint; COMMIT;
\set VERBOSITY terse
BEGIN; CREATE INDEX pp_1 ON pp (pp_function(a)); DROP FUNCTION pp_function(int); COMMIT;
\set VERBOSITY default
BEGIN; CREATE INDEX pp_1 ON pp (a); SET TRANSACTION READ ONLY; CREATE SCHEMA pp_schema; COMMIT;
BEGIN; CREATE INDEX pp_1 ON pp_other.pp (a); CREATE INDEX pp_1 ON pp (a); ALTER TABLE pp_other.pp SET SCHEMA public; COMMIT;
ROLLBACK;
-- Names are those of the moment when the command was sent.
BEGIN;
SET LOCAL search_path = pp_other;
SET LOCAL maintenance_work_mem = '2MB';
CREATE INDEX pp_other_a ON pp (a);
COMMIT;
SELECT indrelid::regclass FROM pg_index WHERE indexrelid = 'pp_other.pp_other_a'::regclass;
SELECT name, setting, source FROM pg_settings WHERE name IN ('search_path', 'maintenance_work_mem');
BEGIN;
CREATE INDEX pp_1 ON pp (b);
ALTER TABLE pp RENAME TO pp_renamed;
ALTER TABLE pp_renamed RENAME TO pp;
ALTER TABLE pp_other.pp RENAME TO qq;
COMMIT;
TABLE pp_indexes;
DROP INDEX pp_1;

-- So are columns, and what constants mean. A column that is gone takes the index along.
BEGIN;
CREATE INDEX pp_1 ON pp (a) WHERE a > 5;
CREATE INDEX pp_2 ON pp ((a + 1));
ROLLBACK;
ALTER TABLE pp ADD x int, ADD at date;
BEGIN;
SET LOCAL datestyle = 'ISO, DMY';
SET LOCAL standard_conforming_strings = on;
CREATE INDEX pp_1 ON pp (a) INCLUDE (b) WHERE at > '01/02/2020';
CREATE INDEX pp_2 ON pp ((a + 1));
CREATE INDEX ON pp (a);
CREATE INDEX pp_gone ON pp (a, x);
CREATE INDEX pp_gone_2 ON pp ((x + 1));
ALTER TABLE pp RENAME COLUMN a TO old_a;
ALTER TABLE pp ADD COLUMN a text;
ALTER TABLE pp DROP COLUMN x;
COMMIT;
TABLE pp_indexes;
DROP INDEX pp_1, pp_2, pp_a_idx;
ALTER TABLE pp DROP COLUMN a;
ALTER TABLE pp RENAME old_a TO a;
-- The transaction may write, whatever the default is.
SET default_transaction_read_only = on;
BEGIN READ WRITE; CREATE INDEX pp_1 ON pp (a); DROP INDEX IF EXISTS nothing, pp_old; COMMIT;
BEGIN READ WRITE; DROP INDEX IF EXISTS nothing, pp_1; COMMIT;
RESET default_transaction_read_only;
TABLE pp_indexes;
-- IF NOT EXISTS of an index that exists has nothing to postpone, and DROP means that index.
CREATE INDEX pp_1 ON pp (a);
BEGIN; CREATE INDEX IF NOT EXISTS pp_1 ON pp (a); DROP INDEX public.pp_1; COMMIT;
TABLE pp_indexes;
-- The functions of an index run with the rights of the owner of the table, also when it is tried.
CREATE ROLE regress_psi_owner;
CREATE FUNCTION pp_who(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
	$$ BEGIN IF current_user <> 'regress_psi_owner' THEN RAISE EXCEPTION 'as %', current_user; END IF; RETURN $1; END $$;
CREATE TABLE pp_owned (a int);
ALTER TABLE pp_owned OWNER TO regress_psi_owner;
BEGIN; CREATE INDEX pp_owned_a ON pp_owned (a) WHERE pp_who(1) = 1; ROLLBACK;
DROP TABLE pp_owned;
-- Event triggers for ddl_command_start run with the command, and would fail after the commit.
CREATE FUNCTION pp_trigger() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER pp_trigger ON ddl_command_start WHEN TAG IN ('DROP INDEX') EXECUTE FUNCTION pp_trigger();
BEGIN; CREATE INDEX pp_1 ON pp (a); COMMIT;
BEGIN; DROP INDEX pp_1; ROLLBACK;
ALTER EVENT TRIGGER pp_trigger ENABLE REPLICA;
BEGIN; DROP INDEX pp_1; CREATE INDEX pp_1 ON pp (a); COMMIT;
SET session_replication_role = replica;
BEGIN; DROP INDEX pp_1; ROLLBACK;
ALTER EVENT TRIGGER pp_trigger ENABLE;
BEGIN; DROP INDEX pp_1; CREATE INDEX pp_1 ON pp (a); COMMIT;
RESET session_replication_role;
DROP EVENT TRIGGER pp_trigger;
BEGIN; DROP INDEX pp_1; CREATE EVENT TRIGGER pp_trigger ON ddl_command_start EXECUTE FUNCTION pp_trigger(); COMMIT;
DROP INDEX pp_1;
-- A name that is taken is found when the command is sent.
BEGIN; CREATE INDEX pp_log ON pp (a); ROLLBACK;
-- An implicit block after AND CHAIN.
BEGIN \; COMMIT AND CHAIN \; COMMIT \; CREATE INDEX pp_1 ON pp (a) \; SELECT 1;

-- A build that fails after the commit: the index is gone, the rest is not tried, the rows are there.
BEGIN;
INSERT INTO pp_log VALUES ('fails');
CREATE INDEX pp_1 ON pp (b);
CREATE INDEX pp_2 ON pp ((1 / (a - 5)));
CREATE INDEX pp_3 ON pp (lower(b));
COMMIT;
\echo :LAST_ERROR_SQLSTATE
TABLE pp_indexes;
DROP INDEX pp_1;
-- What is left to be run is meant for the path of then.
BEGIN; SET LOCAL search_path = pp_other; DROP INDEX pp_other_a; COMMIT;
INSERT INTO pp_other.qq VALUES (1, '');
BEGIN; SET LOCAL search_path = pp_other; CREATE INDEX qq_c ON qq ((1 / length(b))); CREATE INDEX qq_a ON qq (a); RESET search_path; COMMIT;

-- Refused as ever.
\set VERBOSITY terse
BEGIN; CREATE UNIQUE INDEX pp_1 ON pp (a); ROLLBACK;
BEGIN; ALTER TABLE pp ADD UNIQUE (a); ROLLBACK;
BEGIN; REINDEX TABLE pp; ROLLBACK;
CREATE TABLE pp_parted (a int) PARTITION BY RANGE (a);
CREATE TABLE pp_leaf PARTITION OF pp_parted FOR VALUES FROM (0) TO (10);
BEGIN; CREATE INDEX ON pp_parted (a); ROLLBACK;
\set VERBOSITY default
-- In a string of several commands, a function, DO, for another role, and with a row as a whole.
CREATE INDEX pp_1 ON pp (a) \; SELECT 1;
BEGIN; DO $$ BEGIN CREATE INDEX pp_1 ON pp (a); END $$; ROLLBACK;
CREATE ROLE regress_psi_pp;
GRANT regress_psi_pp TO CURRENT_USER;
GRANT CREATE ON SCHEMA public TO regress_psi_pp;
ALTER TABLE pp OWNER TO regress_psi_pp;
BEGIN; SET ROLE regress_psi_pp; CREATE INDEX pp_1 ON pp (a); ROLLBACK;
CREATE FUNCTION pp_row(pp) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1.a';
BEGIN; CREATE INDEX pp_1 ON pp (pp_row(pp)); ROLLBACK;
-- The role changes before the commit.
\set VERBOSITY sqlstate
BEGIN; CREATE INDEX pp_1 ON pp (a); SET LOCAL ROLE regress_psi_pp; COMMIT;
\set VERBOSITY default
-- PREPARE TRANSACTION.
BEGIN; CREATE INDEX pp_1 ON pp (a); PREPARE TRANSACTION 'pp';
-- What passes runs at once: new and temporary tables.
BEGIN;
CREATE TABLE pp_new (a int);
CREATE INDEX pp_new_a ON pp_new (a);
SELECT indisvalid FROM pg_index WHERE indexrelid = 'pp_new_a'::regclass;
CREATE TEMP TABLE pp_temp (a int);
CREATE INDEX pp_temp_a ON pp_temp (a);
ROLLBACK;
-- A string with its own BEGIN and COMMIT.
BEGIN \; CREATE INDEX pp_1 ON pp (a) \; COMMIT \; SELECT 'after' AS came;
TABLE pp_indexes;
TABLE pp_log;

-- One DROP of an index that is there and of one that is not yet, with a list that grows meanwhile.
SET client_min_messages = warning;
CREATE TABLE pp_t AS SELECT n AS a, n::text AS b, n AS c FROM generate_series(1, 100) n;
CREATE VIEW pp_t_indexes AS
	SELECT indexrelid::regclass AS index FROM pg_index WHERE indrelid = 'pp_t'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";
BEGIN;
CREATE INDEX pp_n1 ON pp_t (a);
CREATE INDEX pp_n2 ON pp_t (b);
CREATE INDEX pp_n3 ON pp_t (c);
COMMIT;
BEGIN;
CREATE INDEX pp_n4 ON pp_t (a);
CREATE INDEX pp_n5 ON pp_t (a);
CREATE INDEX pp_n6 ON pp_t (a);
CREATE INDEX pp_n7 ON pp_t (a);
DROP INDEX pp_n1, pp_n4;
COMMIT;
TABLE pp_t_indexes;
-- Twice, IF EXISTS.
BEGIN; DROP INDEX pp_n5; DROP INDEX IF EXISTS pp_n5; DROP INDEX IF EXISTS pp_n6, pp_n5, pp_none; COMMIT;
TABLE pp_t_indexes;
-- The index is created again by ALTER TABLE.
BEGIN; DROP INDEX pp_n3; ALTER TABLE pp_t ALTER COLUMN c TYPE bigint; COMMIT;
TABLE pp_t_indexes;
-- What is not postponed does not pass over what is.
BEGIN; CREATE INDEX pp_n1 ON pp_t (a); SET LOCAL pg_safe_index.in_transaction = refuse; DROP INDEX IF EXISTS pp_n1; COMMIT;
BEGIN; CREATE INDEX pp_n1 ON pp_t (a); SET LOCAL pg_safe_index.mode = off; DROP INDEX IF EXISTS pp_none, pp_n1; COMMIT;
BEGIN; DROP INDEX pp_n2; SET LOCAL pg_safe_index.mode = off; CREATE INDEX IF NOT EXISTS pp_n2 ON pp_t (c); COMMIT;
BEGIN; CREATE INDEX pp_n1 ON pp_t (a); ALTER INDEX IF EXISTS pp_n1 RENAME TO pp_n9; COMMIT;
BEGIN; CREATE INDEX pp_n1 ON pp_t (a); ALTER INDEX IF EXISTS pp_n1 SET (fillfactor = 50); COMMIT;
BEGIN; CREATE INDEX IF NOT EXISTS pp_n1 ON pp_t (a); CREATE TABLE pp_n1 (); COMMIT;
TABLE pp_t_indexes;
-- ... and what means something else is left alone.
BEGIN;
CREATE INDEX pp_n1 ON pp_t (a);
ALTER INDEX IF EXISTS pp_n2 RENAME TO pp_n5;
ALTER INDEX IF EXISTS pp_none RENAME TO pp_n9;
SET LOCAL pg_safe_index.mode = off;
DROP INDEX IF EXISTS pp_none, pp_n5;
CREATE INDEX IF NOT EXISTS pp_n3 ON pp_t (a);
COMMIT;
TABLE pp_t_indexes;
-- PostgreSQL would choose the name that an index has left.
CREATE INDEX ON pp_t (a);
BEGIN;
DROP INDEX pp_t_a_idx;
CREATE INDEX ON pp_t (a) WHERE a > 5;
CREATE INDEX ON pp_t (a) WHERE a > 6;
COMMIT;
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid IN ('pp_t_a_idx'::regclass, 'pp_t_a_idx1'::regclass) ORDER BY indexrelid;
BEGIN; DROP INDEX pp_t_a_idx; ALTER INDEX pp_t_a_idx1 RENAME TO pp_t_x; ALTER INDEX pp_t_x RENAME TO pp_t_a_idx2; CREATE INDEX ON pp_t (a); COMMIT;
-- What an index would have kept from being dropped, though the build would not see it before it comes to a row.
CREATE TYPE pp_type AS (x int, y int);
ALTER TABLE pp_t ADD d pp_type;
CREATE TEXT SEARCH CONFIGURATION pp_search (COPY = simple);
CREATE COLLATION pp_c (locale = 'C');
\set VERBOSITY terse
BEGIN; CREATE INDEX pp_n9 ON pp_t (((d).x)); ALTER TYPE pp_type DROP ATTRIBUTE x; COMMIT;
BEGIN; CREATE INDEX pp_n9 ON pp_t USING gin (to_tsvector('pp_search'::regconfig, b)); DROP TEXT SEARCH CONFIGURATION pp_search; COMMIT;
BEGIN; CREATE INDEX pp_n9 ON pp_t (b COLLATE pp_c); DROP COLLATION pp_c; CREATE COLLATION pp_c (locale = 'POSIX'); COMMIT;
BEGIN; CREATE INDEX pp_n9 ON pp_t (b COLLATE pp_c); DROP COLLATION pp_c; ALTER TABLE pp_t DROP b; COMMIT;
\set VERBOSITY default
DROP COLLATION IF EXISTS pp_c;
DROP TEXT SEARCH CONFIGURATION pp_search;
-- Names that PostgreSQL chooses for two tables; the name of one whose column is gone.
CREATE TABLE pp_x (b_c int, d int);
CREATE TABLE pp_x_b (c int);
INSERT INTO pp_x VALUES (1, 1);
INSERT INTO pp_x_b VALUES (1);
BEGIN; CREATE INDEX ON pp_x_b (c); CREATE INDEX ON pp_x (b_c); COMMIT;
BEGIN; CREATE INDEX pp_x_1 ON pp_x (d); ALTER TABLE pp_x DROP COLUMN d; CREATE INDEX pp_x_1 ON pp_x (b_c); COMMIT;
SELECT indexrelid::regclass AS index, pg_get_indexdef(indexrelid) AS definition FROM pg_index
 WHERE indrelid IN ('pp_x'::regclass, 'pp_x_b'::regclass) ORDER BY pg_get_indexdef(indexrelid) COLLATE "C";
DROP VIEW pp_t_indexes;
DROP TABLE pp_x, pp_x_b, pp_t;
DROP TYPE pp_type;
RESET client_min_messages;

DROP VIEW pp_indexes;
DROP MATERIALIZED VIEW pp_view;
RESET pg_safe_index.mode;
SET client_min_messages = error;
SET pg_safe_index.mode = off;
DROP FUNCTION pp_row, pp_function;
DROP TABLE pp, pp_log, pp_parted, pp_other.qq;
DROP SCHEMA pp_other;
REVOKE CREATE ON SCHEMA public FROM regress_psi_pp;
DROP ROLE regress_psi_pp, regress_psi_owner;
DROP FUNCTION pp_who, pp_trigger;
