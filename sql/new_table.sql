-- Proves: a table created in the current transaction passes, through subtransactions, later ALTER TABLEs and
-- every way to create one; an older table does not.
LOAD 'pg_safe_index';
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA psi_new;
SET search_path = psi_new;
CREATE TABLE old (a int PRIMARY KEY, b int UNIQUE, c int);
CREATE INDEX CONCURRENTLY old_c ON old (c);

BEGIN;
CREATE TABLE n (a int, b int);
CREATE INDEX n_a ON n (a);
DROP INDEX n_a;
SAVEPOINT one;
CREATE INDEX n_a ON n (a);
ALTER TABLE n ADD COLUMN c int;
ALTER TABLE n ALTER COLUMN b TYPE bigint;
CREATE INDEX n_b ON n (b);
RELEASE one;
ALTER TABLE n RENAME TO n2;
CREATE INDEX n_c ON n2 (c);
-- the error of an old table takes nothing away from a new one
SAVEPOINT two;
CREATE INDEX ON old (c);
ROLLBACK TO two;
CREATE INDEX ON n2 (c);
-- created in a subtransaction that is still in force
SAVEPOINT three;
CREATE TABLE n3 (a int);
CREATE INDEX ON n3 (a);
RELEASE three;
CREATE INDEX ON n3 (a);
SAVEPOINT four;
CREATE INDEX ON n3 (a);
ROLLBACK TO four;
CREATE INDEX ON n3 (a);
COMMIT;
-- not new any more
CREATE INDEX ON n2 (c);
CREATE INDEX ON n3 (a);
DROP INDEX n_a;

-- created, rolled back, and another one of that name
BEGIN;
ALTER TABLE old RENAME TO older;
SAVEPOINT one;
CREATE TABLE old (a int);
CREATE INDEX ON old (a);
ROLLBACK TO one;
ALTER TABLE older RENAME TO old;
CREATE INDEX ON old (a);
ROLLBACK;

-- an old table that this transaction has altered, emptied or rewritten is not new
BEGIN;
ALTER TABLE old ADD COLUMN d int;
CREATE INDEX ON old (d);
ROLLBACK;
BEGIN;
TRUNCATE old;
CREATE INDEX ON old (c);
ROLLBACK;
BEGIN;
ALTER TABLE old ALTER COLUMN c TYPE bigint;
CREATE INDEX ON old (c);
ROLLBACK;
BEGIN;
LOCK TABLE old;
CREATE INDEX ON old (c);
ROLLBACK;

-- other ways to create a table
BEGIN;
CREATE TABLE ctas AS SELECT 1 AS a;
CREATE INDEX ON ctas (a);
SELECT 1 AS a INTO selected;
CREATE INDEX ON selected (a);
CREATE MATERIALIZED VIEW mv AS SELECT 1 AS a;
CREATE INDEX ON mv (a);
CREATE TABLE likes (LIKE old INCLUDING ALL);
CREATE INDEX ON likes (c);
CREATE TABLE child () INHERITS (old);
CREATE INDEX ON child (c);
CREATE UNLOGGED TABLE unlogged (a int);
CREATE INDEX ON unlogged (a);
COMMIT;
CREATE INDEX ON ctas (a);
CREATE INDEX ON selected (a);
CREATE INDEX ON mv (a);
CREATE INDEX ON likes (c);

-- indexes that come with CREATE TABLE, as a command of its own
CREATE TABLE keys (a int PRIMARY KEY, b int UNIQUE, c int, EXCLUDE USING btree (c WITH =));
CREATE TABLE likes_2 (LIKE old INCLUDING INDEXES);
CREATE TABLE IF NOT EXISTS old (a int PRIMARY KEY);
CREATE TABLE part (a int PRIMARY KEY, b int) PARTITION BY RANGE (a);
CREATE INDEX part_b ON part (b);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_2 PARTITION OF part (UNIQUE (b)) FOR VALUES FROM (10) TO (20);

-- elements of CREATE SCHEMA
CREATE SCHEMA psi_new_elements
  CREATE TABLE e (a int PRIMARY KEY, b int)
  CREATE INDEX e_b ON e (b);
CREATE INDEX ON psi_new_elements.e (b);

SELECT n.nspname, t.relname, count(*) AS indexes
  FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE n.nspname LIKE 'psi\_new%' GROUP BY 1, 2
 ORDER BY n.nspname COLLATE "C", t.relname COLLATE "C";
DROP SCHEMA psi_new, psi_new_elements CASCADE;
