-- Proves: pg_safe_index_plan() gives the safe form of one command, a row for each command to be sent, and executes nothing.
SET client_min_messages = warning;
CREATE EXTENSION pg_safe_index;
SET pg_safe_index.mode = off;
CREATE SCHEMA psi_plan;
SET search_path = psi_plan, public;
CREATE TABLE t (a int, b text, id int NOT NULL);
CREATE INDEX t_a ON t (a);
CREATE INDEX t_b ON t (b);
CREATE TABLE small (a int);
CREATE TABLE p (a int, b text) PARTITION BY RANGE (a);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (a);
CREATE TABLE p_2_1 PARTITION OF p_2 FOR VALUES FROM (10) TO (15);
CREATE TABLE p_2_2 PARTITION OF p_2 FOR VALUES FROM (15) TO (20);
RESET pg_safe_index.mode;
RESET client_min_messages;
\pset tuples_only on
\pset format unaligned

\echo one command
SELECT pg_safe_index_plan('CREATE INDEX ON t (a)');
SELECT pg_safe_index_plan('/* why */ CREATE UNIQUE INDEX -- here
 t_u ON t (a) ; -- end');
SELECT pg_safe_index_plan('DROP INDEX t_a');
SELECT pg_safe_index_plan('DROP INDEX t_a CASCADE');
SELECT pg_safe_index_plan('REINDEX (VERBOSE) TABLE t');

\echo several
SELECT pg_safe_index_plan('CREATE INDEX ON p (b)');
SELECT pg_safe_index_plan('ALTER TABLE t ADD PRIMARY KEY (id)');
SELECT pg_safe_index_plan('ALTER TABLE p ADD UNIQUE (a)');
SELECT pg_safe_index_plan('DROP INDEX t_a, t_b, t_a');

\echo with another limit, or without one
SET pg_safe_index.lock_timeout = '2s';
SELECT pg_safe_index_plan('ALTER TABLE t ADD PRIMARY KEY (id)');
SET pg_safe_index.lock_timeout = 0;
SELECT pg_safe_index_plan('ALTER TABLE t ADD PRIMARY KEY (id)');
RESET pg_safe_index.lock_timeout;

\echo a safe command, and any other one, is its own plan
SELECT pg_safe_index_plan('CREATE INDEX CONCURRENTLY ON t (a)');
SELECT pg_safe_index_plan('DROP TABLE t;');
SELECT pg_safe_index_plan('SELECT 1');
SELECT pg_safe_index_plan('DROP INDEX IF EXISTS nothing');
SET pg_safe_index.min_table_size = '1MB';
SELECT pg_safe_index_plan('CREATE INDEX ON small (a)');
RESET pg_safe_index.min_table_size;
BEGIN;
CREATE TABLE n (a int);
SELECT pg_safe_index_plan('CREATE INDEX ON n (a)');
SELECT pg_safe_index_plan('CREATE INDEX CONCURRENTLY ON t (a)');
COMMIT;

\echo whatever the mode
SET pg_safe_index.mode = off;
SELECT pg_safe_index_plan('CREATE INDEX ON t (a)');
SET pg_safe_index.mode = rewrite;
SELECT pg_safe_index_plan('CREATE INDEX ON t (a)');
RESET pg_safe_index.mode;

\echo the drop of a partitioned index; where the mode may not be off, too
SET client_min_messages = warning;
CREATE INDEX p_b ON ONLY p (b);
SELECT pg_safe_index_plan('DROP INDEX t_a, p_b');
SET pg_safe_index.minimum_mode = warn;
SELECT pg_safe_index_plan('DROP INDEX p_b');
SET pg_safe_index.minimum_mode = error;
SELECT pg_safe_index_plan('DROP INDEX p_b');
SELECT pg_safe_index_plan('DROP INDEX p_b') \gexec
RESET pg_safe_index.minimum_mode;
RESET client_min_messages;

\echo an index of a partition is attached, and one that is begun is completed
CREATE INDEX CONCURRENTLY mine ON p_2_1 (b);
CREATE INDEX CONCURRENTLY other ON p_2_1 (b) WHERE a > 5;
SELECT pg_safe_index_plan('CREATE INDEX ON p_2 (b)');
CREATE INDEX p_b ON ONLY p (b);
CREATE INDEX p_2_b ON ONLY p_2 (b);
ALTER INDEX p_b ATTACH PARTITION p_2_b;
ALTER INDEX p_2_b ATTACH PARTITION mine;
SELECT pg_safe_index_plan('CREATE INDEX IF NOT EXISTS p_b ON p (b)');
SELECT pg_safe_index_plan('CREATE INDEX IF NOT EXISTS p_b ON p (b)') \gexec
SELECT relid, indisvalid FROM pg_partition_tree('p_b') JOIN pg_index ON indexrelid = relid ORDER BY 1::text;
SELECT pg_safe_index_plan('CREATE INDEX IF NOT EXISTS p_b ON p (b)');
SELECT pg_safe_index_plan('CREATE INDEX IF NOT EXISTS p_b ON p (a)');

\echo an invalid index is dropped and built again if it is the one that is wanted
SET client_min_messages = error;
INSERT INTO t VALUES (1, 'x', 1), (1, 'y', 2);
CREATE UNIQUE INDEX CONCURRENTLY failed ON t (a);
RESET client_min_messages;
SELECT pg_safe_index_plan('CREATE UNIQUE INDEX IF NOT EXISTS failed ON t (a)');
SELECT pg_safe_index_plan('CREATE UNIQUE INDEX IF NOT EXISTS failed ON t (b)');
SELECT pg_safe_index_plan('CREATE INDEX IF NOT EXISTS failed ON small (a)');

\echo beside foreign tables the last command only attaches
SET client_min_messages = warning;
CREATE FOREIGN DATA WRAPPER psi_plan;
CREATE SERVER psi_plan FOREIGN DATA WRAPPER psi_plan;
CREATE FOREIGN TABLE p_3 PARTITION OF p FOR VALUES FROM (20) TO (30) SERVER psi_plan;
SELECT pg_safe_index_plan('CREATE INDEX ON p (a)');
DROP FOREIGN DATA WRAPPER psi_plan CASCADE;
RESET client_min_messages;

\echo no safe form
CREATE TABLE referenced (a int);
CREATE UNIQUE INDEX CONCURRENTLY referenced_a ON referenced (a);
ALTER TABLE small ADD FOREIGN KEY (a) REFERENCES referenced (a);
SELECT pg_safe_index_plan('DROP INDEX referenced_a CASCADE');
\set VERBOSITY terse
SELECT pg_safe_index_plan('ALTER TABLE t ADD EXCLUDE (a WITH =)');
\set VERBOSITY default

\echo what PostgreSQL refuses
SELECT pg_safe_index_plan('CREATE INDEX ON nothing (a)');
SELECT pg_safe_index_plan('CREATE INDEX ON t (nothing)');
SELECT pg_safe_index_plan('CREATE INDEX t_a ON t (b)');
SELECT pg_safe_index_plan('ALTER TABLE t ADD CONSTRAINT t_a UNIQUE (b)');
SELECT pg_safe_index_plan('DROP INDEX nothing');
SELECT pg_safe_index_plan('CREATE INDEX ON nowhere.t (a)');
CREATE ROLE regress_psi_plan;
SET ROLE regress_psi_plan;
SELECT pg_safe_index_plan('CREATE INDEX ON psi_plan.t (a)');
RESET ROLE;
GRANT USAGE ON SCHEMA psi_plan TO regress_psi_plan;
SET ROLE regress_psi_plan;
SELECT pg_safe_index_plan('CREATE INDEX ON psi_plan.t (a)');
SELECT pg_safe_index_plan('DROP INDEX psi_plan.t_a');
SELECT pg_safe_index_plan('DROP INDEX psi_plan.p_b');
RESET ROLE;

\echo not one statement
SELECT pg_safe_index_plan('');
SELECT pg_safe_index_plan('CREATE INDEX ON t (a); SELECT 1');
SELECT pg_safe_index_plan('CREATE INDEKS ON t (a)');
SELECT pg_safe_index_plan(NULL);

\echo constants that depend on the settings of the session
SET pg_safe_index.mode = off;
CREATE TABLE dated (at date, i interval, f float8) PARTITION BY RANGE (at);
CREATE TABLE dated_1 PARTITION OF dated FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
RESET pg_safe_index.mode;
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'sql_standard';
SET extra_float_digits = 0;
SELECT pg_safe_index_plan($$CREATE INDEX ON dated (f) WHERE at > '02/01/2024' AND i > '1 02:03' AND f > 0.1::float8 + 0.2::float8$$);
RESET datestyle;
RESET intervalstyle;
RESET extra_float_digits;

\echo ATTACH PARTITION: a bound that PostgreSQL refuses before it builds anything; no lock is kept on the tables above
SET pg_safe_index.mode = off;
CREATE TABLE deep (a int) PARTITION BY RANGE (a);
CREATE TABLE deep_1 PARTITION OF deep FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (a);
CREATE TABLE deep_1_1 PARTITION OF deep_1 FOR VALUES FROM (0) TO (10);
CREATE INDEX deep_a ON deep (a);
CREATE TABLE joining (a int);
INSERT INTO joining VALUES (20);
RESET pg_safe_index.mode;
SELECT pg_safe_index_plan('ALTER TABLE deep_1 ATTACH PARTITION joining FOR VALUES FROM (5) TO (30)');
BEGIN;
SELECT pg_safe_index_plan('ALTER TABLE deep_1 ATTACH PARTITION joining FOR VALUES FROM (20) TO (30)');
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation IN ('deep'::regclass, 'deep_1'::regclass, 'joining'::regclass);
COMMIT;

\echo a command that nobody may run as it is
SET pg_safe_index.mode = off;
CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
CREATE INDEX deep_f ON deep (f(a));
RESET pg_safe_index.mode;
SELECT pg_safe_index_plan('DROP FUNCTION f(int) CASCADE');
SET pg_safe_index.minimum_mode = error;
SELECT pg_safe_index_plan('DROP FUNCTION f(int) CASCADE');
RESET pg_safe_index.minimum_mode;

\echo a hint that is cut is never cut inside a transaction
SET pg_safe_index.mode = off;
CREATE INDEX d_1 ON t (a);
CREATE INDEX d_2 ON t (b);
RESET pg_safe_index.mode;
DROP INDEX t_a, t_b, d_1, d_2, deep_a, deep_f;
DROP INDEX deep_a, deep_f;

\echo as a table; in a read-only transaction
BEGIN READ ONLY;
SELECT ordinality, command FROM pg_safe_index_plan('DROP INDEX t_a, t_b') WITH ORDINALITY plan (command);
COMMIT;
SELECT provolatile, proparallel, proacl FROM pg_proc WHERE proname = 'pg_safe_index_plan';

SET client_min_messages = error;
SET pg_safe_index.mode = off;
DROP SCHEMA psi_plan CASCADE;
DROP ROLE regress_psi_plan;
DROP EXTENSION pg_safe_index;
