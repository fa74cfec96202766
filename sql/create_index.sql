-- Proves: the verdicts over CREATE INDEX on everything that is not partitioned.
LOAD 'pg_safe_index';
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA psi_create;
SET search_path = psi_create, public;
CREATE TABLE t (a int, b text, c int[]);
CREATE MATERIALIZED VIEW mv AS SELECT 1 AS a;
CREATE UNLOGGED TABLE unlogged (a int);
CREATE TABLE parent (a int);
CREATE TABLE child () INHERITS (parent);

-- violations
CREATE INDEX t_a ON t (a);
CREATE UNIQUE INDEX t_a ON t (a);
CREATE INDEX ON t (a);
CREATE INDEX ON psi_create.t (a);
CREATE INDEX IF NOT EXISTS t_a ON t (a);
CREATE INDEX ON ONLY t (a);
CREATE INDEX ON t USING gin (c);
CREATE INDEX ON t (lower(b)) WHERE a > 0;
CREATE INDEX ON mv (a);
CREATE INDEX ON unlogged (a);
CREATE INDEX ON parent (a);
CREATE INDEX ON child (a);
SELECT count(*) AS built FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE c.relnamespace = 'psi_create'::regnamespace;

-- an index that exists, with IF NOT EXISTS: the lock is taken all the same
CREATE INDEX CONCURRENTLY t_a ON t (a);
CREATE INDEX IF NOT EXISTS t_a ON t (a);
-- a name that is taken
CREATE INDEX t_a ON t (a);

-- concurrent
CREATE INDEX CONCURRENTLY ON t (b);
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS mv_a ON mv (a);
create index concurrently on unlogged (a);
BEGIN;
CREATE INDEX CONCURRENTLY ON t (b);
ROLLBACK;

-- private
CREATE TEMP TABLE tmp (a int);
CREATE INDEX ON tmp (a);
CREATE INDEX ON pg_temp.tmp (a);
DROP TABLE tmp;

-- catalogs and TOAST tables: PostgreSQL's own answer
CREATE INDEX ON pg_class (relpages);
CREATE INDEX ON pg_toast.pg_toast_1255 (chunk_id);

-- missing, or what PostgreSQL refuses itself: its own error. Its words differ between the major versions;
-- test/t/006_rights.pl compares them, to the last field, with those that come without the module.
\set VERBOSITY sqlstate
CREATE VIEW v AS SELECT 1 AS a;
CREATE SEQUENCE seq;
CREATE TYPE composite AS (a int);
CREATE FOREIGN DATA WRAPPER psi_fdw;
CREATE SERVER psi_server FOREIGN DATA WRAPPER psi_fdw;
CREATE FOREIGN TABLE ft (a int) SERVER psi_server;
CREATE INDEX ON nothing (a);
CREATE INDEX ON nowhere.t (a);
CREATE INDEX ON otherdb.psi_create.t (a);
CREATE INDEX ON v (a);
CREATE INDEX ON seq (last_value);
CREATE INDEX ON ft (a);
CREATE INDEX ON composite (a);
CREATE INDEX ON t_a (a);
CREATE INDEX ON t (nocolumn);
CREATE INDEX ON t (a) INCLUDE (nocolumn);
CREATE INDEX ON t (a, lower(nocolumn));
CREATE INDEX ON t (a) WHERE nocolumn > 0;
CREATE INDEX ON t (nofunction(a));
CREATE INDEX ON t ((a + (SELECT 1)));
CREATE INDEX ON t (ctid);
CREATE INDEX ON t ((other.a));
CREATE INDEX ON t a;
CREATE INDEX ON;
BEGIN READ ONLY;
CREATE INDEX ON t (a);
ROLLBACK;

DROP SCHEMA psi_create CASCADE;
DROP FOREIGN DATA WRAPPER psi_fdw CASCADE;
