-- Proves: ATTACH PARTITION is a violation exactly if the server would build an index on the partition, and the
-- hint names each.
LOAD 'pg_safe_index';
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA psi_att;
SET search_path = psi_att;
CREATE TABLE p (a int NOT NULL, b text, c int) PARTITION BY RANGE (a);
CREATE TABLE bare (a int NOT NULL, b text, c int);
ALTER TABLE p ATTACH PARTITION bare FOR VALUES FROM (0) TO (10);
ALTER TABLE p DETACH PARTITION bare;
ALTER TABLE p ADD PRIMARY KEY (a);
CREATE INDEX "P lower" ON p (lower(b) DESC) WHERE c > 0;
CREATE INDEX p_c ON p USING hash (c) WITH (fillfactor = 60);

-- all missing, columns in another order
CREATE TABLE other (c int, gone int, b text, a int NOT NULL);
ALTER TABLE other DROP COLUMN gone;
ALTER TABLE p ATTACH PARTITION bare FOR VALUES FROM (0) TO (10);
\set VERBOSITY default
ALTER TABLE p ATTACH PARTITION other FOR VALUES FROM (10) TO (20);
\set VERBOSITY terse

-- like, but not the same: column, order, method, predicate, opclass, unique index without the constraint
CREATE UNIQUE INDEX CONCURRENTLY o_1 ON other (a);
CREATE INDEX CONCURRENTLY o_2 ON other (lower(b) DESC) WHERE c > 1;
CREATE INDEX CONCURRENTLY o_3 ON other (lower(b) text_pattern_ops DESC) WHERE c > 0;
CREATE INDEX CONCURRENTLY o_4 ON other (c);
\set VERBOSITY default
ALTER TABLE p ATTACH PARTITION other FOR VALUES FROM (10) TO (20);
\set VERBOSITY terse
-- one by one
ALTER TABLE other ADD PRIMARY KEY USING INDEX o_1;
CREATE INDEX CONCURRENTLY o_5 ON other (lower(b) DESC) WHERE c > 0;
ALTER TABLE p ATTACH PARTITION other FOR VALUES FROM (10) TO (20);
CREATE INDEX CONCURRENTLY o_6 ON other USING hash (c);
ALTER TABLE p ATTACH PARTITION other FOR VALUES FROM (10) TO (20);

-- new tables, a new root, a partitioned table
BEGIN;
CREATE TABLE n (a int NOT NULL, b text, c int);
ALTER TABLE p ATTACH PARTITION n FOR VALUES FROM (20) TO (30);
ROLLBACK;
BEGIN;
CREATE TABLE r (LIKE bare) PARTITION BY RANGE (a);
CREATE INDEX r_b ON r (b);
ALTER TABLE r ATTACH PARTITION bare FOR VALUES FROM (0) TO (10);
ROLLBACK;
CREATE TABLE sub (a int NOT NULL, b text, c int) PARTITION BY RANGE (a);
ALTER TABLE p ATTACH PARTITION sub FOR VALUES FROM (30) TO (40);
ALTER TABLE p DETACH PARTITION sub;
DROP TABLE sub;
CREATE TABLE sub (a int NOT NULL, b text, c int) PARTITION BY RANGE (a);
CREATE TABLE sub_1 PARTITION OF sub FOR VALUES FROM (30) TO (35);
\set VERBOSITY default
ALTER TABLE p ATTACH PARTITION sub FOR VALUES FROM (30) TO (40);

-- a default partition is locked as well
CREATE TABLE rest PARTITION OF p DEFAULT;
\set VERBOSITY terse
ALTER TABLE p ATTACH PARTITION bare FOR VALUES FROM (0) TO (10);

-- a table with rows: a constraint proves beforehand that all belong into the partition, so that they are not read
\set VERBOSITY default
CREATE TABLE lst (a int, "b b" varchar(9)) PARTITION BY LIST ("b b");
CREATE TABLE hsh (a int, b text) PARTITION BY HASH (a, b);
CREATE TABLE ex (a int, b text) PARTITION BY RANGE (lower(b), (a + 1));
CREATE INDEX lst_a ON lst (a);
CREATE INDEX ex_a ON ex (a);
CREATE TABLE filled (x int, gone int, "b b" varchar(9), a int NOT NULL);
ALTER TABLE filled DROP COLUMN x, DROP COLUMN gone;
INSERT INTO filled VALUES ('it''s', 5);
ALTER TABLE lst ATTACH PARTITION filled FOR VALUES IN ('it''s', 'b', NULL);
ALTER TABLE lst ATTACH PARTITION filled FOR VALUES IN (upper('x'));
ALTER TABLE lst ATTACH PARTITION filled FOR VALUES IN ('longer than nine');
CREATE TABLE lst_b PARTITION OF lst FOR VALUES IN ('b');
ALTER TABLE lst ATTACH PARTITION filled DEFAULT;
CREATE INDEX hsh_a ON hsh (a);
CREATE TABLE ex_1 (b text, a int);
INSERT INTO ex_1 VALUES ('b', 1);
-- a condition that PostgreSQL would not take for a proof
ALTER TABLE hsh ATTACH PARTITION ex_1 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
ALTER TABLE ex ATTACH PARTITION ex_1 FOR VALUES FROM ('a', MINVALUE) TO ('c', 10);
ALTER TABLE ex_1 ADD CHECK (a = 1 AND b = 'b' AND lower(b) IS NOT NULL AND (a + 1) IS NOT NULL
  AND (lower(b) > 'a') AND lower(b) < 'c');
ALTER TABLE ex ATTACH PARTITION ex_1 FOR VALUES FROM ('a', MINVALUE) TO ('d', 10);
-- more than one level
CREATE TABLE lv (a int, b text, c int) PARTITION BY RANGE (a);
CREATE TABLE lv_1 (c int, b text, a int) PARTITION BY LIST (c);
CREATE INDEX lv_b ON lv (b);
CREATE INDEX lv_1_b ON lv_1 (b);
ALTER TABLE lv ATTACH PARTITION lv_1 FOR VALUES FROM (60) TO (70);
CREATE TABLE lv_0 PARTITION OF lv DEFAULT;
INSERT INTO lv_0 VALUES (1, 'b', 1);
CREATE TABLE leaf (a int, c int, b text);
INSERT INTO leaf VALUES (61, 1, 'b');
ALTER TABLE lv_1 ATTACH PARTITION leaf FOR VALUES IN (1);
ALTER TABLE lv ATTACH PARTITION leaf FOR VALUES FROM (-5) TO (0);
-- it is run as well, and leaves nothing if it fails; a second attempt does the same
SET pg_safe_index.mode = rewrite;
CREATE TABLE outside AS SELECT 9 AS c, 'b'::text AS b, 61 AS a;
ALTER TABLE lv_1 ATTACH PARTITION outside FOR VALUES IN (1);
ALTER TABLE lv_1 ATTACH PARTITION outside FOR VALUES IN (1);
SELECT conname FROM pg_constraint WHERE conrelid = 'outside'::regclass AND contype = 'c';
SET client_min_messages = notice;
ALTER TABLE lv_1 ATTACH PARTITION leaf FOR VALUES IN (1);
SET client_min_messages = warning;
SELECT conname FROM pg_constraint WHERE conrelid = 'leaf'::regclass AND contype = 'c';
RESET pg_safe_index.mode;

-- PostgreSQL's own answer
\set VERBOSITY sqlstate
ALTER TABLE p ATTACH PARTITION nothing FOR VALUES FROM (0) TO (10);
ALTER TABLE nothing ATTACH PARTITION bare FOR VALUES FROM (0) TO (10);
ALTER TABLE p ATTACH PARTITION other FOR VALUES FROM (40) TO (50);
CREATE TABLE fewer (a int NOT NULL);
CREATE TABLE more (a int NOT NULL, b text, c int, d int);
CREATE TABLE types (a bigint NOT NULL, b text, c int);
ALTER TABLE p ATTACH PARTITION fewer FOR VALUES FROM (50) TO (60);
ALTER TABLE p ATTACH PARTITION more FOR VALUES FROM (50) TO (60);
ALTER TABLE p ATTACH PARTITION types FOR VALUES FROM (50) TO (60);
-- an index is attached without a build
CREATE INDEX p_only ON ONLY p (c);
ALTER INDEX p_only ATTACH PARTITION o_4;

-- another primary key: PostgreSQL refuses it at once, or after it has built what comes before the key
SET pg_safe_index.mode = off;
CREATE TABLE ak (a int NOT NULL, b int NOT NULL, PRIMARY KEY (a, b)) PARTITION BY RANGE (a);
CREATE TABLE ak_1 (a int NOT NULL PRIMARY KEY, b int NOT NULL);
CREATE TABLE al (a int NOT NULL, b int NOT NULL) PARTITION BY RANGE (a);
CREATE INDEX ON al (b);
ALTER TABLE al ADD PRIMARY KEY (a, b);
SET pg_safe_index.mode = error;
ALTER TABLE ak ATTACH PARTITION ak_1 FOR VALUES FROM (0) TO (10);
ALTER TABLE al ATTACH PARTITION ak_1 FOR VALUES FROM (0) TO (10);
SET pg_safe_index.mode = rewrite;
ALTER TABLE ak ATTACH PARTITION ak_1 FOR VALUES FROM (0) TO (10);
\set VERBOSITY terse
ALTER TABLE al ATTACH PARTITION ak_1 FOR VALUES FROM (0) TO (10);
\set VERBOSITY default
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'ak_1'::regclass;
RESET pg_safe_index.mode;

SET client_min_messages = error;
DROP SCHEMA psi_att CASCADE;
