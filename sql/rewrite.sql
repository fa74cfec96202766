-- Proves: mode rewrite runs the safe form of a violation and says so, at the top level only; where there is none, or
-- it cannot run, the command is refused; leftovers of an earlier try are taken up; partitions get what they lack.
-- That the catalogs come out the same for many statements: test/t/013; interruptions: test/t/014.
LOAD 'pg_safe_index';
SET pg_safe_index.mode = rewrite;
CREATE TABLE t (a int NOT NULL, b int, c text);
INSERT INTO t SELECT n, n, n FROM generate_series(1, 100) n;

\echo *** a table
CREATE INDEX t_a ON t (a);
CREATE UNIQUE INDEX IF NOT EXISTS t_b ON t (b); -- a comment
CREATE INDEX IF NOT EXISTS t_b ON t (b);
ALTER TABLE t ADD CONSTRAINT t_pk PRIMARY KEY (a);
ALTER TABLE t ADD UNIQUE (b, c);
REINDEX INDEX t_a;
DROP INDEX t_a, t_b;
\d t

\echo *** what passes is not touched
CREATE TEMPORARY TABLE temporary (a int);
CREATE INDEX ON temporary (a);
BEGIN;
CREATE TABLE new (a int);
CREATE INDEX ON new (a);
ROLLBACK;
CREATE INDEX CONCURRENTLY t_a ON t (a);
DROP INDEX CONCURRENTLY t_a;

\echo *** refused: in a transaction, a function, with others; no safe form
\set VERBOSITY terse
BEGIN;
CREATE INDEX t_a ON t (a);
ROLLBACK;
DO $$ BEGIN CREATE INDEX t_a ON t (a); END $$;
CREATE PROCEDURE build() LANGUAGE plpgsql AS $$ BEGIN COMMIT; CREATE INDEX t_a ON t (a); END $$;
CALL build();
CREATE INDEX t_a ON t (a)\; SELECT 1;
CREATE INDEX CONCURRENTLY t_b ON t (b);
DROP INDEX t_b CASCADE;
DROP INDEX CONCURRENTLY t_b;
ALTER TABLE t ADD UNIQUE (a), ADD UNIQUE (b);
ALTER TABLE t ADD COLUMN d int UNIQUE;
ALTER TABLE t ADD EXCLUDE (a WITH =);
\set VERBOSITY default

\echo *** errors of the server itself
CREATE INDEX ON nothing (a);
CREATE INDEX t_pk ON t (a);
ALTER TABLE t ADD PRIMARY KEY (b);
ALTER TABLE t ADD CONSTRAINT t_pk UNIQUE (b);

\echo *** a failed build leaves nothing
INSERT INTO t VALUES (101, 1, 'one');
CREATE UNIQUE INDEX t_b ON t (b);
ALTER TABLE t ADD CONSTRAINT t_b_key UNIQUE (b);
CREATE INDEX ON t ((1 / (b - 50)));
\echo ... nor does a constraint that cannot be added once its index is there
CREATE FUNCTION no_constraint() RETURNS event_trigger LANGUAGE plpgsql AS
	$$ BEGIN IF tg_tag = 'ALTER TABLE' THEN RAISE EXCEPTION 'no constraint today'; END IF; END $$;
CREATE EVENT TRIGGER no_constraint ON ddl_command_end EXECUTE FUNCTION no_constraint();
ALTER TABLE t ADD CONSTRAINT t_a_key UNIQUE (a);
DROP EVENT TRIGGER no_constraint;
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 't'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";

\echo *** what an earlier try has left
SET pg_safe_index.mode = off;
CREATE UNIQUE INDEX CONCURRENTLY t_b_idx ON t (b);
CREATE UNIQUE INDEX CONCURRENTLY t_bad ON t (b) WHERE b > 0;
DELETE FROM t WHERE a = 101;
SET pg_safe_index.mode = rewrite;
\echo ... of another definition
CREATE UNIQUE INDEX t_bad ON t (b) WHERE b > 1;
CREATE UNIQUE INDEX IF NOT EXISTS t_bad ON t (b, c) WHERE b > 0;
CREATE INDEX CONCURRENTLY IF NOT EXISTS t_bad ON t (b) WHERE b > 0;
\echo ... of the same
CREATE UNIQUE INDEX t_bad ON t (b) WHERE t.b > 0;
CREATE UNIQUE INDEX ON t (b);
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 't'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";
\echo ... IF NOT EXISTS
UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('t_bad'::regclass, 't_b_idx'::regclass);
CREATE UNIQUE INDEX IF NOT EXISTS t_bad ON t (b) WHERE b > 0;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_b_idx ON t (b);
\echo ... an index that was to become a constraint
CREATE UNIQUE INDEX CONCURRENTLY t_c_key ON t (c);
ALTER TABLE t ADD UNIQUE (c);
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 't'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";

\echo *** partitions
CREATE TABLE p (a int NOT NULL, b text) PARTITION BY RANGE (a);
SELECT format('CREATE TABLE p_%s PARTITION OF p FOR VALUES FROM (%s) TO (%s)', n, n * 10, n * 10 + 10)
  FROM generate_series(1, 12) n \gexec
CREATE TABLE p_13 PARTITION OF p FOR VALUES FROM (130) TO (150) PARTITION BY RANGE (a);
CREATE TABLE p_13_1 PARTITION OF p_13 FOR VALUES FROM (130) TO (140);
INSERT INTO p SELECT n, n FROM generate_series(10, 139) n;
CREATE INDEX CONCURRENTLY mine ON p_5 (b);
CREATE INDEX p_b ON p (b);
SELECT relid, parentrelid, isleaf, indisvalid FROM pg_partition_tree('p_b') JOIN pg_index ON indexrelid = relid
 ORDER BY relid::regclass::text COLLATE "C";
CREATE INDEX p_b ON p (b);
CREATE INDEX IF NOT EXISTS p_b ON p (b);
\echo ... an earlier try
CREATE INDEX p_a ON ONLY p (a);
CREATE INDEX CONCURRENTLY p_1_mine ON p_1 (a);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'p_1_mine'::regclass;
CREATE INDEX p_a ON p (a);
SELECT count(*), bool_and(indisvalid) FROM pg_partition_tree('p_a') JOIN pg_index ON indexrelid = relid;
CREATE INDEX other ON ONLY p (a);
CREATE INDEX other ON p (b, a);
DROP INDEX other;
\echo ... a failure: what is done stays, and the same command goes on
INSERT INTO p VALUES (135, 135);
CREATE UNIQUE INDEX p_u ON p (a, b);
SELECT count(*) FROM pg_inherits WHERE inhparent = 'p_u'::regclass;
DELETE FROM p WHERE ctid IN (SELECT ctid FROM p WHERE a = 135 LIMIT 1) AND a = 135;
CREATE UNIQUE INDEX p_u ON p (a, b);
SELECT count(*), bool_and(indisvalid) FROM pg_partition_tree('p_u') JOIN pg_index ON indexrelid = relid;
\echo ... with a foreign table among them
CREATE FOREIGN DATA WRAPPER psi_none;
CREATE SERVER psi_none FOREIGN DATA WRAPPER psi_none;
CREATE TABLE f (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE f_1 PARTITION OF f FOR VALUES FROM (0) TO (10);
CREATE FOREIGN TABLE f_2 PARTITION OF f FOR VALUES FROM (10) TO (20) SERVER psi_none;
CREATE TABLE f_3 PARTITION OF f FOR VALUES FROM (20) TO (30) PARTITION BY RANGE (a);
CREATE TABLE f_3_1 PARTITION OF f_3 FOR VALUES FROM (20) TO (30);
CREATE INDEX f_b ON f (b);
SELECT relid, parentrelid, isleaf, indisvalid FROM pg_partition_tree('f_b') JOIN pg_index ON indexrelid = relid
 ORDER BY relid::regclass::text COLLATE "C";
\echo ... a table that is attached gets its indexes first
CREATE TABLE p_14 (a int NOT NULL, b text);
\set VERBOSITY terse
ALTER TABLE p ATTACH PARTITION p_14 FOR VALUES FROM (150) TO (160);
\set VERBOSITY default
SELECT count(*), bool_and(indisvalid) FROM pg_index WHERE indrelid = 'p_14'::regclass;

\echo *** what a review found
\echo ... the index of another table with the same name, earlier in the search path
CREATE SCHEMA s1;
CREATE TABLE s1.other (x int);
CREATE INDEX CONCURRENTLY cc ON s1.other (x);
CREATE TABLE k (a int);
CREATE EVENT TRIGGER no_constraint ON ddl_command_end EXECUTE FUNCTION no_constraint();
SET search_path = s1, public;
\set VERBOSITY sqlstate
ALTER TABLE k ADD CONSTRAINT cc UNIQUE (a);
\set VERBOSITY default
DROP EVENT TRIGGER no_constraint;
RESET search_path;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid IN ('s1.other'::regclass, 'k'::regclass);
\echo ... several names, one of which PostgreSQL refuses
CREATE TABLE zd (a int, b int UNIQUE);
CREATE INDEX CONCURRENTLY zd_a ON zd (a);
DROP INDEX zd_a, zd_b_key;
DROP INDEX zd_a, nothing;
CREATE UNIQUE INDEX CONCURRENTLY zd_u ON zd (a);
CREATE TABLE fk (a int REFERENCES zd (a));
DROP INDEX zd_a, zd_u;
DROP INDEX zd_u;
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'zd'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";
\echo ... some are done when another fails
CREATE FUNCTION no_second() RETURNS event_trigger LANGUAGE plpgsql AS
	$$ BEGIN IF current_query() ~ 'zd_a, zd_c' AND to_regclass('zd_a') IS NULL THEN RAISE EXCEPTION 'not the second'; END IF; END $$;
CREATE INDEX CONCURRENTLY zd_c ON zd (a, b);
CREATE EVENT TRIGGER no_second ON ddl_command_start WHEN TAG IN ('DROP INDEX') EXECUTE FUNCTION no_second();
DROP INDEX zd_a, zd_c;
DROP EVENT TRIGGER no_second;
\echo ... a partition of another role
CREATE ROLE psi_one;
CREATE ROLE psi_two;
GRANT CREATE, USAGE ON SCHEMA public TO psi_one, psi_two;
CREATE TABLE o (a int) PARTITION BY LIST (a);
CREATE TABLE o1 PARTITION OF o FOR VALUES IN (1);
CREATE TABLE o2 PARTITION OF o FOR VALUES IN (2);
ALTER TABLE o OWNER TO psi_one;
ALTER TABLE o1 OWNER TO psi_one;
ALTER TABLE o2 OWNER TO psi_two;
SET ROLE psi_one;
\set VERBOSITY terse
CREATE INDEX o_a ON o (a);
\set VERBOSITY default
RESET ROLE;
SELECT count(*) FROM pg_index WHERE indrelid = 'o'::regclass;
\echo ... an index ON ONLY of another name is not an earlier try of one that has no name
CREATE TABLE q (a int, b text) PARTITION BY LIST (a);
CREATE TABLE q1 PARTITION OF q FOR VALUES IN (1);
CREATE INDEX myown ON ONLY q (b);
CREATE INDEX ON q (b);
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'q'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";
\echo ... REINDEX TABLE rebuilds what is invalid, too; an exclusion constraint has no concurrent form
CREATE TABLE ri (a int4range, b int);
CREATE INDEX CONCURRENTLY ri_b ON ri (b);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ri_b'::regclass;
SET client_min_messages = error;
REINDEX TABLE ri;
RESET client_min_messages;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'ri'::regclass;
SET pg_safe_index.mode = off;
ALTER TABLE ri ADD CONSTRAINT ri_x EXCLUDE USING gist (a WITH &&);
SET pg_safe_index.mode = rewrite;
\set VERBOSITY terse
REINDEX TABLE ri;
\set VERBOSITY default
\echo ... REINDEX SCHEMA, DATABASE and TABLE of a partitioned table do all, or are refused
REINDEX SCHEMA public;
ALTER TABLE ri DROP CONSTRAINT ri_x;
CREATE SCHEMA several;
CREATE TABLE several.rp (a int, b int) PARTITION BY LIST (a);
CREATE TABLE several.rp1 PARTITION OF several.rp FOR VALUES IN (1);
CREATE INDEX rp1_b ON several.rp1 (b);
CREATE INDEX rp1_a ON several.rp1 (a);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'several.rp1_b'::regclass;
SET client_min_messages = error;
REINDEX SCHEMA several;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'several.rp1'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'several.rp1_b'::regclass;
REINDEX TABLE several.rp;
RESET client_min_messages;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'several.rp1'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";
\echo ... DROP INDEX IF EXISTS tells what does not exist
DROP INDEX IF EXISTS several.rp1_a, nope, several.nope2, several.rp1_b;
SELECT count(*) FROM pg_index WHERE indrelid = 'several.rp1'::regclass;
\echo ... ATTACH PARTITION that fails
CREATE TABLE q3 (a int, b text);
INSERT INTO q3 VALUES (1, '');
ALTER TABLE q ATTACH PARTITION q3 FOR VALUES IN (3);
UPDATE q3 SET a = 3;
-- a row of the default partition is in the way: the constraint of the plan goes, the indexes stay
CREATE TABLE q_rest PARTITION OF q DEFAULT;
INSERT INTO q_rest VALUES (3, '');
ALTER TABLE q ATTACH PARTITION q3 FOR VALUES IN (3);
SELECT count(*) FROM pg_constraint WHERE conrelid = 'q3'::regclass AND contype = 'c';
DROP TABLE q_rest;
ALTER TABLE q ATTACH PARTITION q3 FOR VALUES IN (3);
SELECT count(*), bool_and(indisvalid) FROM pg_index WHERE indrelid = 'q3'::regclass;
\echo ... a whole row is not an expression on it
CREATE FUNCTION wf(zd) RETURNS zd IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE INDEX CONCURRENTLY wi ON zd ((wf(zd)));
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'wi'::regclass;
\set VERBOSITY terse
CREATE INDEX IF NOT EXISTS wi ON zd ((zd.*));
\set VERBOSITY default
\echo ... beside foreign tables an index of a partition is taken that PostgreSQL would take
CREATE TABLE fp (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE fp1 PARTITION OF fp FOR VALUES FROM (0) TO (10);
CREATE FOREIGN TABLE fp2 PARTITION OF fp FOR VALUES FROM (10) TO (20) SERVER psi_none;
CREATE INDEX CONCURRENTLY mine_desc ON fp1 (b DESC);
CREATE INDEX fp_b ON fp (b);
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'fp1'::regclass;
\echo ... a partition below them that has an index of its own is left as it is, a leaf or not, and so is what is below it
CREATE TABLE fs (a int, b int) PARTITION BY RANGE (a);
CREATE FOREIGN TABLE fs_1 PARTITION OF fs FOR VALUES FROM (0) TO (10) SERVER psi_none;
CREATE TABLE fs_2 PARTITION OF fs FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (a);
CREATE TABLE fs_2_1 PARTITION OF fs_2 FOR VALUES FROM (10) TO (15) PARTITION BY RANGE (a);
CREATE TABLE fs_2_1_1 PARTITION OF fs_2_1 FOR VALUES FROM (10) TO (15);
CREATE TABLE fs_2_2 PARTITION OF fs_2 FOR VALUES FROM (15) TO (20);
CREATE TABLE fs_3 PARTITION OF fs FOR VALUES FROM (20) TO (30) PARTITION BY RANGE (a);
CREATE TABLE fs_3_1 PARTITION OF fs_3 FOR VALUES FROM (20) TO (30);
CREATE TABLE fs_4 PARTITION OF fs FOR VALUES FROM (30) TO (40);
SET client_min_messages = warning;
CREATE INDEX mine_2 ON fs_2 (b DESC);
\echo ... PostgreSQL attaches one that is invalid, too
CREATE INDEX mine_3 ON ONLY fs_3 (b);
CREATE INDEX fs_b ON fs (b);
SELECT relid, parentrelid, indisvalid FROM pg_partition_tree('fs_b') JOIN pg_index ON indexrelid = relid
 ORDER BY relid::regclass::text COLLATE "C";
SELECT count(*) FROM pg_index WHERE indrelid IN (SELECT relid FROM pg_partition_tree('fs'));
\echo ... also if its columns have other numbers
CREATE TABLE fs_5 (gone int, a int, b int);
ALTER TABLE fs_5 DROP COLUMN gone;
CREATE INDEX CONCURRENTLY mine_5 ON fs_5 (a, (b + 1)) WHERE b > 2;
CREATE INDEX CONCURRENTLY mine_b ON fs_5 (b);
ALTER TABLE fs ATTACH PARTITION fs_5 FOR VALUES FROM (40) TO (50);
CREATE INDEX fs_e ON fs (a, (fs.b + 1)) WHERE fs.b > 2;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'fs_5'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";
RESET client_min_messages;
\echo ... a name that is taken: nothing is built
CREATE INDEX fs_taken ON ONLY fs (a);
CREATE INDEX fs_taken ON fs (a);
CREATE INDEX IF NOT EXISTS fs_taken ON fs (a);
SELECT count(*) FROM pg_index WHERE indrelid IN (SELECT relid FROM pg_partition_tree('fs'));
\echo ... a failure or a cancel: what has been built stays and is named, and the same command goes on
CREATE TABLE ff (a int, b int) PARTITION BY RANGE (a);
CREATE FOREIGN TABLE ff_0 PARTITION OF ff FOR VALUES FROM (0) TO (1) SERVER psi_none;
SELECT format('CREATE TABLE ff_%s PARTITION OF ff FOR VALUES FROM (%s) TO (%s)', n, n, n + 1)
  FROM generate_series(1, 13) n \gexec
INSERT INTO ff SELECT n, n FROM generate_series(1, 13) n;
CREATE FUNCTION fails_at(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1 / ($1 - $2)';
CREATE FUNCTION cancels_at(int, int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
	$$ BEGIN IF $1 = $2 THEN PERFORM pg_cancel_backend(pg_backend_pid()), pg_sleep(0); END IF; RETURN 1; END $$;
CREATE INDEX ff_1_at ON ff (fails_at(b, 1));
CREATE INDEX ff_2_at ON ff (fails_at(b, 2));
CREATE INDEX ff_at ON ff (fails_at(b, 13));
\set SHOW_CONTEXT never
CREATE INDEX ff_c ON ff (cancels_at(b, 3));
\set SHOW_CONTEXT errors
UPDATE ff_3 SET b = 0;
UPDATE ff_13 SET b = 0;
CREATE INDEX ff_at ON ff (fails_at(b, 13));
CREATE INDEX ff_c ON ff (cancels_at(b, 3));
SELECT indexrelid::regclass, indisvalid, (SELECT count(*) FROM pg_partition_tree(indexrelid) WHERE isleaf) AS leaves
  FROM pg_index WHERE indrelid = 'ff'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";
SELECT count(*), bool_and(indisvalid) FROM pg_index WHERE indrelid IN (SELECT relid FROM pg_partition_tree('ff'));
\echo ... what a build has left that was not ended by an error goes before a name is chosen, here and when a partition is attached
CREATE INDEX CONCURRENTLY ff_2_b_idx ON ff_2 (b);
CREATE TABLE ff_14 (a int, b int);
CREATE INDEX CONCURRENTLY ff_14_b_idx ON ff_14 (b);
UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('ff_2_b_idx'::regclass, 'ff_14_b_idx'::regclass);
CREATE INDEX ff_b ON ff (b);
SET pg_safe_index.mode = off;
DROP FUNCTION cancels_at(int, int), fails_at(int, int) CASCADE;
SET pg_safe_index.mode = rewrite;
ALTER TABLE ff ATTACH PARTITION ff_14 FOR VALUES FROM (14) TO (15);
SELECT relid, indisvalid FROM pg_partition_tree('ff_b') JOIN pg_index ON indexrelid = relid
 WHERE relid::regclass::text ~ '^ff_1?[24]_' ORDER BY relid::regclass::text COLLATE "C";
SELECT count(*), bool_and(indisvalid) FROM pg_index WHERE indrelid IN (SELECT relid FROM pg_partition_tree('ff'));
\echo ... a dead index, which a drop has left, is in the way of that of a partition
CREATE TABLE dp (a int) PARTITION BY RANGE (a);
CREATE TABLE dp_1 PARTITION OF dp FOR VALUES FROM (0) TO (10);
CREATE INDEX CONCURRENTLY dp_1_a_idx ON dp_1 (a);
UPDATE pg_index SET indisvalid = false, indisready = false, indislive = false WHERE indexrelid = 'dp_1_a_idx'::regclass;
CREATE INDEX dp_a ON dp (a);
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'dp_1'::regclass;

\echo ... functions in an index run as the owner of the table, and not as whoever sends the command
CREATE FUNCTION for_owner(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN ASSERT current_user = 'psi_one', current_user; RETURN $1; END $$;
CREATE TABLE op (a int) PARTITION BY RANGE (a);
CREATE TABLE op_1 PARTITION OF op FOR VALUES FROM (0) TO (10);
ALTER TABLE op OWNER TO psi_one;
ALTER TABLE op_1 OWNER TO psi_one;
GRANT CREATE ON SCHEMA public TO psi_one;
CREATE INDEX CONCURRENTLY ON op_1 ((a + for_owner(0))) WHERE a < for_owner(5);
\set VERBOSITY terse
CREATE INDEX op_e ON op ((a + for_owner(0)));
CREATE INDEX op_w ON op (a) WHERE a > for_owner(1);
CREATE INDEX op_a ON op (a);
SET ROLE psi_one;
CREATE INDEX op_e ON op ((a + for_owner(0)));
RESET ROLE;
\set VERBOSITY default
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'op'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";
\echo ... what PostgreSQL would say only after the build
CREATE TABLE cn (a int NOT NULL PRIMARY KEY, b int NOT NULL CONSTRAINT cn_b CHECK (b > 0));
ALTER TABLE cn ADD CONSTRAINT cn_b UNIQUE (b);
ALTER TABLE cn ADD PRIMARY KEY (b);

\echo ... a keyword is a name after a dot, and by itself it is not
CREATE TABLE kw (a int, "user" text, "true" boolean) PARTITION BY LIST (a);
CREATE TABLE kw_1 PARTITION OF kw FOR VALUES IN (1);
CREATE INDEX kw_i ON kw (lower(kw.user)) WHERE kw.true;
SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index WHERE indrelid = 'kw_1'::regclass;

\echo ... a column that is called like its table is no row as a whole
CREATE TABLE email (id int, email text) PARTITION BY LIST (id);
CREATE TABLE email_1 PARTITION OF email FOR VALUES IN (1);
CREATE INDEX ON email (lower(email));
SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index WHERE indrelid = 'email_1'::regclass;

\echo ... a partition whose build failed is dropped: the rest is valid
CREATE TABLE gone (a int) PARTITION BY RANGE (a);
CREATE TABLE gone_1 PARTITION OF gone FOR VALUES FROM (0) TO (10);
CREATE TABLE gone_2 PARTITION OF gone FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (a);
CREATE TABLE gone_21 PARTITION OF gone_2 FOR VALUES FROM (10) TO (15);
CREATE TABLE gone_22 PARTITION OF gone_2 FOR VALUES FROM (15) TO (20);
INSERT INTO gone VALUES (1), (11), (16), (16);
\set VERBOSITY terse
CREATE UNIQUE INDEX gone_u ON gone (a);
DROP TABLE gone_22;
CREATE UNIQUE INDEX gone_u ON gone (a);
\set VERBOSITY default
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid IN ('gone'::regclass, 'gone_1'::regclass, 'gone_2'::regclass)
 ORDER BY indexrelid::regclass::text COLLATE "C";
\echo ... a whole row, written as table.*
CREATE TABLE st (a int) PARTITION BY RANGE (a);
CREATE TABLE st_1 PARTITION OF st FOR VALUES FROM (0) TO (10);
CREATE FUNCTION sf(st) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1.a';
\set VERBOSITY terse
CREATE INDEX st_i ON st (sf(st.*));
\set VERBOSITY default
SELECT count(*) FROM pg_index WHERE indrelid = 'st'::regclass;

\echo *** the floor
SET pg_safe_index.minimum_mode = rewrite;
SET pg_safe_index.mode = error;
CREATE INDEX t_d ON t (a, b, c);
RESET pg_safe_index.minimum_mode;
CREATE INDEX t_e ON t (a, b, c);

SET pg_safe_index.mode = off;
DROP TABLE t, p, f, temporary, k, fk, o, q, q3, ri, fp, fs, ff, dp, op, cn, kw, email, gone, st CASCADE;
DROP FUNCTION for_owner(int);
DROP FUNCTION wf(zd) CASCADE;
DROP TABLE zd;
DROP SCHEMA s1 CASCADE;
DROP FUNCTION no_second();
REVOKE ALL ON SCHEMA public FROM psi_one, psi_two;
DROP ROLE psi_one, psi_two;
DROP FOREIGN DATA WRAPPER psi_none CASCADE;
DROP PROCEDURE build();
DROP FUNCTION no_constraint();
