-- Proves: the verdicts over REINDEX in all its spellings, of indexes, tables, schemas and the database.
LOAD 'pg_safe_index';
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA psi_re;
CREATE SCHEMA psi_re_empty;
SET search_path = psi_re;
CREATE TABLE t (a int PRIMARY KEY, b text);
CREATE INDEX CONCURRENTLY "T b" ON t (b);
CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
CREATE INDEX CONCURRENTLY m_a ON m (a);
CREATE TABLE p (a int, b text) PARTITION BY RANGE (a);
CREATE INDEX p_a ON p (a);
CREATE TABLE e (a int PRIMARY KEY) PARTITION BY RANGE (a);
CREATE VIEW v AS SELECT 1 AS a;

-- no leaves: nothing is built
REINDEX TABLE p;
REINDEX INDEX p_a;
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (20);

-- violations
REINDEX TABLE t;
REINDEX TABLE psi_re.t;
REINDEX INDEX t_pkey;
REINDEX INDEX "T b";
REINDEX TABLE m;
REINDEX INDEX m_a;
REINDEX TABLE p;
REINDEX INDEX p_a;
REINDEX INDEX p_1_a_idx;
REINDEX SCHEMA psi_re;
SELECT format('REINDEX DATABASE %I', current_database()) AS command \gset
:command;
REINDEX (VERBOSE) TABLE t;
REINDEX (VERBOSE off) TABLE t;
REINDEX (TABLESPACE pg_default) TABLE t;
REINDEX (CONCURRENTLY false) TABLE t;
REINDEX (CONCURRENTLY off, VERBOSE) TABLE t;
REINDEX (CONCURRENTLY 0) INDEX t_pkey;
REINDEX (CONCURRENTLY true, CONCURRENTLY false) TABLE t;

-- concurrent
REINDEX TABLE CONCURRENTLY t;
REINDEX (CONCURRENTLY) TABLE t;
REINDEX (CONCURRENTLY true) INDEX t_pkey;
REINDEX (CONCURRENTLY on) TABLE p;
REINDEX (CONCURRENTLY 1) INDEX p_a;
REINDEX (CONCURRENTLY false, CONCURRENTLY true) TABLE t;
REINDEX (CONCURRENTLY false) TABLE CONCURRENTLY t;
REINDEX SCHEMA CONCURRENTLY psi_re;

-- catalogs, and what has no user's tables in it
REINDEX TABLE pg_class;
REINDEX INDEX pg_class_oid_index;
REINDEX TABLE pg_toast.pg_toast_1255;
REINDEX SCHEMA psi_re_empty;
REINDEX SYSTEM :DBNAME;
CREATE SCHEMA psi_re_parent CREATE TABLE root (a int) PARTITION BY RANGE (a);
REINDEX SCHEMA psi_re_parent;

-- private
CREATE TEMP TABLE tmp (a int PRIMARY KEY);
REINDEX TABLE tmp;
REINDEX INDEX tmp_pkey;

-- new; in a transaction block REINDEX of several relations is PostgreSQL's to refuse
BEGIN;
CREATE TABLE n (a int PRIMARY KEY);
REINDEX TABLE n;
REINDEX INDEX n_pkey;
SAVEPOINT s;
REINDEX TABLE t;
ROLLBACK TO s;
REINDEX TABLE p;
ROLLBACK TO s;
REINDEX INDEX p_a;
ROLLBACK TO s;
REINDEX SCHEMA psi_re;
ROLLBACK TO s;
:command;
ROLLBACK;

-- missing, or what PostgreSQL refuses itself
\set VERBOSITY sqlstate
REINDEX TABLE nothing;
REINDEX INDEX nothing;
REINDEX SCHEMA nothing;
REINDEX DATABASE nothing;
REINDEX TABLE v;
REINDEX TABLE t_pkey;
REINDEX INDEX t;
REINDEX (NONSENSE) TABLE t;
REINDEX (CONCURRENTLY maybe) TABLE t;
REINDEX (VERBOSE);

-- rights
\set VERBOSITY terse
CREATE ROLE regress_psi_re;
GRANT USAGE ON SCHEMA psi_re TO regress_psi_re;
SET ROLE regress_psi_re;
\set VERBOSITY sqlstate
REINDEX TABLE psi_re.t;
REINDEX INDEX psi_re.t_pkey;
REINDEX SCHEMA psi_re;
:command;
RESET ROLE;
ALTER TABLE t OWNER TO regress_psi_re;
SET ROLE regress_psi_re;
\set VERBOSITY terse
REINDEX TABLE psi_re.t;
REINDEX INDEX psi_re.t_pkey;
RESET ROLE;

-- small
SET pg_safe_index.min_table_size = '1MB';
REINDEX TABLE t;
REINDEX SCHEMA psi_re;
REINDEX TABLE p;
RESET pg_safe_index.min_table_size;

-- the words; the user's text is kept where it can be
\set VERBOSITY default
reindex /* all of it */ table -- here
  t;
REINDEX (VERBOSE, TABLESPACE pg_default, CONCURRENTLY false) TABLE t;
REINDEX INDEX "T b";
REINDEX SCHEMA psi_re;
BEGIN;
REINDEX INDEX "T b";
ROLLBACK;
-- an exclusion constraint: its index has no concurrent form
CREATE TABLE x (a int, EXCLUDE USING btree (a WITH =));
REINDEX INDEX x_a_excl;
-- what CONCURRENTLY skips: an invalid index, one of an exclusion constraint
CREATE TABLE inv (a int);
INSERT INTO inv VALUES (1), (1);
\set VERBOSITY sqlstate
CREATE UNIQUE INDEX CONCURRENTLY inv_a ON inv (a);
INSERT INTO p VALUES (1), (1);
CREATE UNIQUE INDEX CONCURRENTLY "P 1" ON p_1 (a);
\set VERBOSITY default
REINDEX TABLE x;
REINDEX TABLE inv;
REINDEX TABLE p;
REINDEX SCHEMA psi_re;
REINDEX INDEX inv_a;
\set VERBOSITY sqlstate
CREATE UNIQUE INDEX CONCURRENTLY inv_a1 ON inv (a);
CREATE UNIQUE INDEX CONCURRENTLY inv_a2 ON inv (a);
\set VERBOSITY default
REINDEX SCHEMA psi_re;

-- options that PostgreSQL refuses
\set VERBOSITY terse
REINDEX (VERBOSE perhaps) TABLE t;
REINDEX (TABLESPACE) TABLE t;
REINDEX (QUICKLY) TABLE t;
\set VERBOSITY default

-- operations
SET pg_safe_index.operations = 'create_index, move_index';
REINDEX TABLE t;
RESET pg_safe_index.operations;

SET client_min_messages = error;
DROP SCHEMA psi_re, psi_re_empty, psi_re_parent CASCADE;
DROP ROLE regress_psi_re;
