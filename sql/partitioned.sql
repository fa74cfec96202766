-- Proves: the verdicts over CREATE INDEX and DROP INDEX on partitioned tables, and that the sequence in the
-- hint, run as it stands, ends in a valid index.
LOAD 'pg_safe_index';
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA psi_part;
SET search_path = psi_part;

-- no leaves, on any level: nothing is built
CREATE TABLE empty (a int, b text) PARTITION BY RANGE (a);
CREATE INDEX empty_a ON empty (a);
CREATE TABLE empty_1 PARTITION OF empty FOR VALUES FROM (0) TO (10) PARTITION BY LIST (b);
CREATE INDEX empty_b ON empty (b);

-- leaves on two levels
CREATE TABLE p (a int, b text) PARTITION BY RANGE (a);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (a);
CREATE TABLE p_2_1 PARTITION OF p_2 FOR VALUES FROM (10) TO (15);
CREATE TABLE "p_2 2" PARTITION OF p_2 FOR VALUES FROM (15) TO (20);
CREATE INDEX p_a ON p (a);
CREATE INDEX ON p (a);
CREATE INDEX ON p_2 (a);
CREATE INDEX ON "p_2 2" (a);
CREATE INDEX CONCURRENTLY p_a ON p (a);
CREATE INDEX p_only ON ONLY p (a);
CREATE INDEX ON ONLY p_2 (a);
CREATE INDEX IF NOT EXISTS p_only ON p (a);
\set VERBOSITY default
CREATE INDEX "P b" ON p USING btree (lower(p.b), a DESC) WHERE psi_part.p.a > 0 -- the end
;

-- not the first statement of its string; the name of the index taken from a partition; a column, written as one of a row
SELECT 1 AS one\; CREATE INDEX ON p (lower(p.b)) /* end */\; SELECT 2 AS two;
CREATE INDEX p_1_a_idx ON p (a);
CREATE INDEX p_row ON p (lower((p).b));
-- a column that is called like its table is no row as a whole; a row as a whole, also in the predicate
CREATE TABLE email (id int, email text) PARTITION BY LIST (id);
CREATE TABLE email_1 PARTITION OF email FOR VALUES IN (1);
CREATE INDEX ON email (lower(email));
CREATE INDEX ON email ((email.*::text));
CREATE INDEX ON email (id) WHERE email.* IS NOT NULL;
-- the definition comes from the tree: what needs parentheses has them
CREATE INDEX ON email USING hash ((email || 'x''y')) WITH (fillfactor = 70) WHERE email.id > -1 AND email LIKE 'a%' ESCAPE '#';
DROP TABLE email;

-- the same, run as it stands
CREATE INDEX "P b" ON ONLY p (lower(b), a DESC) WHERE (a > 0);
CREATE INDEX CONCURRENTLY p_1_lower_a_idx ON p_1 (lower(b), a DESC) WHERE (a > 0);
ALTER INDEX "P b" ATTACH PARTITION p_1_lower_a_idx;
CREATE INDEX p_2_lower_a_idx ON ONLY p_2 (lower(b), a DESC) WHERE (a > 0);
ALTER INDEX "P b" ATTACH PARTITION p_2_lower_a_idx;
CREATE INDEX CONCURRENTLY p_2_1_lower_a_idx ON p_2_1 (lower(b), a DESC) WHERE (a > 0);
ALTER INDEX p_2_lower_a_idx ATTACH PARTITION p_2_1_lower_a_idx;
CREATE INDEX CONCURRENTLY "p_2 2_lower_a_idx" ON "p_2 2" (lower(b), a DESC) WHERE (a > 0);
ALTER INDEX p_2_lower_a_idx ATTACH PARTITION "p_2 2_lower_a_idx";
SELECT inhrelid::regclass, inhparent::regclass, indisvalid
  FROM pg_inherits JOIN pg_index ON indexrelid = inhrelid
 WHERE inhrelid::regclass::text LIKE '%lower%' ORDER BY inhrelid::regclass::text COLLATE "C";
SELECT indisvalid FROM pg_index WHERE indexrelid = '"P b"'::regclass;

-- all leaves new, some leaves new
\set VERBOSITY terse
CREATE TABLE q (a int) PARTITION BY RANGE (a);
BEGIN;
CREATE TABLE q_1 PARTITION OF q FOR VALUES FROM (0) TO (10);
CREATE INDEX q_all_new ON q (a);
COMMIT;
BEGIN;
CREATE TABLE q_2 PARTITION OF q FOR VALUES FROM (10) TO (20);
CREATE INDEX q_some_new ON q (a);
ROLLBACK;
-- a new tree, of any depth
BEGIN;
CREATE TABLE r (a int, b text) PARTITION BY RANGE (a);
CREATE TABLE r_1 PARTITION OF r FOR VALUES FROM (0) TO (10);
CREATE INDEX r_a ON r (a);
DROP INDEX r_a;
-- an old table attached to it
ALTER TABLE p DETACH PARTITION p_1;
ALTER TABLE r ATTACH PARTITION p_1 FOR VALUES FROM (20) TO (30);
CREATE INDEX r_a ON r (a);
ROLLBACK;

-- foreign leaves hold no index
CREATE FOREIGN DATA WRAPPER psi_part_fdw;
CREATE SERVER psi_part_server FOREIGN DATA WRAPPER psi_part_fdw;
CREATE TABLE f (a int, b text) PARTITION BY RANGE (a);
CREATE FOREIGN TABLE f_1 PARTITION OF f FOR VALUES FROM (0) TO (10) SERVER psi_part_server;
CREATE INDEX f_a ON f (a);
CREATE UNIQUE INDEX f_unique ON f (a);
CREATE TABLE f_2 PARTITION OF f FOR VALUES FROM (10) TO (20);
CREATE UNIQUE INDEX f_unique ON f (a);
\set VERBOSITY default
CREATE INDEX f_b ON f (b);

-- IF NOT EXISTS and a name that is taken: PostgreSQL locks the tree and builds nothing. An invalid index is one that leaves lack
SET pg_safe_index.mode = off;
CREATE INDEX q_there ON q (a);
CREATE INDEX q_invalid ON ONLY q (a);
CREATE INDEX f_there ON f (b);
RESET pg_safe_index.mode;
SET client_min_messages = notice;
CREATE INDEX IF NOT EXISTS q_there ON q (a);
\set VERBOSITY terse
CREATE INDEX IF NOT EXISTS f_there ON f (b);
CREATE INDEX IF NOT EXISTS p_1 ON q (a);
CREATE INDEX IF NOT EXISTS q_invalid ON q (a);
BEGIN;
CREATE INDEX IF NOT EXISTS q_there ON q (a);
COMMIT;
SET pg_safe_index.mode = warn;
CREATE INDEX IF NOT EXISTS q_there ON q (a);
CREATE INDEX IF NOT EXISTS q_invalid ON q (a);
SET pg_safe_index.mode = rewrite;
CREATE INDEX IF NOT EXISTS q_there ON q (a);
CREATE INDEX IF NOT EXISTS f_there ON f (b);
CREATE INDEX IF NOT EXISTS q_absent ON q (a);
RESET pg_safe_index.mode;
SET client_min_messages = warning;
\set VERBOSITY default
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'q'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";

-- temporary trees
CREATE TEMP TABLE tt (a int) PARTITION BY RANGE (a);
CREATE TEMP TABLE tt_1 PARTITION OF tt FOR VALUES FROM (0) TO (10);
CREATE INDEX tt_a ON tt (a);
DROP INDEX tt_a;
DROP TABLE tt;

-- more than ten leaves; names that collide when they are truncated; a taken name
CREATE TABLE many (a int, b int) PARTITION BY RANGE (a);
SELECT format('CREATE TABLE %I PARTITION OF many FOR VALUES FROM (%s) TO (%s)',
              rpad('many_', 58, 'x') || n, n, n + 1) FROM generate_series(1, 13) n \gexec
CREATE INDEX ON many (b);
SET pg_safe_index.mode = off;
CREATE INDEX many_b_idx ON many (b);
RESET pg_safe_index.mode;

-- many partitioned tables between
CREATE TABLE deep (a int, b int) PARTITION BY RANGE (a);
SELECT format('CREATE TABLE deep_%s PARTITION OF deep FOR VALUES FROM (%s) TO (%s) PARTITION BY RANGE (a)', n, n, n + 1)
  FROM generate_series(1, 40) n \gexec
CREATE TABLE deep_40_1 PARTITION OF deep_40 FOR VALUES FROM (40) TO (41);
CREATE INDEX deep_b ON deep (b);
DROP TABLE deep;

-- small trees: the leaves are added up
INSERT INTO many SELECT n % 13 + 1, n FROM generate_series(1, 1300) n;
SET pg_safe_index.min_table_size = '104kB'; -- 13 blocks
\set VERBOSITY terse
CREATE INDEX many_b_2 ON many (b);
SET pg_safe_index.min_table_size = '105kB';
CREATE INDEX many_b_2 ON many (b);
DROP INDEX many_b_2;
RESET pg_safe_index.min_table_size;

-- dropping a partitioned index: no concurrent form
\set VERBOSITY default
DROP INDEX many_b_idx;
DROP INDEX CONCURRENTLY many_b_idx;
CREATE TABLE s (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE s_1 PARTITION OF s FOR VALUES FROM (0) TO (10);
SET pg_safe_index.mode = off;
CREATE INDEX s_b ON s (b);
CREATE INDEX s_1_a ON s_1 (a);
RESET pg_safe_index.mode;
SET client_min_messages = warning;
DROP INDEX s_b, s_1_a;
-- its partitions cannot be dropped by themselves, but together with it
DROP INDEX s_1_b_idx;
DROP INDEX s_1_b_idx, s_b;
-- no leaves, so nobody reads or writes it
DROP INDEX empty_a;

DROP SCHEMA psi_part CASCADE;
DROP FOREIGN DATA WRAPPER psi_part_fdw CASCADE;
