-- Proves: the verdicts over DROP INDEX on everything that is not partitioned.
LOAD 'pg_safe_index';
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA psi_drop;
CREATE SCHEMA psi_hidden;
SET search_path = psi_drop, public;
CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE, c int);
CREATE TABLE u (a int);
CREATE MATERIALIZED VIEW mv AS SELECT 1 AS a;
CREATE TABLE psi_hidden.h (a int);
SET pg_safe_index.mode = off;
CREATE INDEX t_c ON t (c);
CREATE UNIQUE INDEX t_fk ON t (c);
CREATE INDEX "T c" ON t (c);
CREATE INDEX u_a ON u (a);
CREATE INDEX mv_a ON mv (a);
CREATE INDEX h_a ON psi_hidden.h (a);
RESET pg_safe_index.mode;

-- violations
DROP INDEX t_c;
DROP INDEX psi_drop.t_c;
DROP INDEX IF EXISTS t_c;
DROP INDEX t_c RESTRICT;
DROP INDEX t_c CASCADE;
DROP INDEX "T c";
DROP INDEX mv_a;
DROP INDEX psi_hidden.h_a;
\set VERBOSITY default
DROP INDEX t_c, u_a, "T c";
DROP INDEX IF EXISTS nothing, u_a;
\set VERBOSITY terse

-- an index that this transaction has built on an old table: the table is locked all the same
BEGIN;
SET LOCAL pg_safe_index.mode = off;
CREATE INDEX t_new ON t (c);
SET LOCAL pg_safe_index.mode = error;
DROP INDEX t_new;
ROLLBACK;

-- concurrent
CREATE INDEX CONCURRENTLY t_gone ON t (c);
DROP INDEX CONCURRENTLY t_gone;
DROP INDEX CONCURRENTLY IF EXISTS t_gone;
DROP INDEX CONCURRENTLY t_c, u_a;
DROP INDEX CONCURRENTLY t_c CASCADE;

-- private
CREATE TEMP TABLE tmp (a int);
CREATE INDEX tmp_a ON tmp (a);
DROP INDEX tmp_a;
DROP TABLE tmp;

-- missing, or what PostgreSQL refuses itself
\set VERBOSITY default
SET client_min_messages = notice;
DROP INDEX nothing;
DROP INDEX nowhere.t_c;
DROP INDEX IF EXISTS nothing, nowhere.t_c;
DROP INDEX t;
DROP INDEX IF EXISTS mv;
DROP INDEX t_pkey;
DROP INDEX t_b_key CASCADE;
DROP INDEX pg_class_oid_index;
SET client_min_messages = warning;

-- the names are taken in turn: what comes before the one that PostgreSQL stops at is locked
\set VERBOSITY terse
DROP INDEX nothing, t_c;
DROP INDEX t, t_c;
DROP INDEX t_c, nothing;
DROP INDEX pg_class_oid_index, t_c;
DROP INDEX nothing, a.b.c.d;
\set VERBOSITY default
DROP INDEX t_c, nothing;
DROP INDEX t_c, pg_class_oid_index;
DROP INDEX t_c, "T c", t_c;
\set VERBOSITY terse
-- that a constraint needs an index is found out when all are locked
DROP INDEX t_pkey, t_c;
BEGIN READ ONLY;
DROP INDEX t_c;
ROLLBACK;

-- other objects are none of our business
DROP MATERIALIZED VIEW mv;
DROP TABLE u;

SELECT indexrelid::regclass AS kept FROM pg_index
 WHERE indrelid = 't'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";
DROP SCHEMA psi_drop, psi_hidden CASCADE;
