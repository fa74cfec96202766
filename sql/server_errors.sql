-- Proves: what PostgreSQL refuses at once gets PostgreSQL's own error, word for word.
\set VERBOSITY terse
CREATE SCHEMA psi_err;
SET search_path = psi_err;
SET pg_safe_index.mode = off;
CREATE TABLE t (a int, b int, j json);
CREATE INDEX t_plain ON t (b);
CREATE UNIQUE INDEX t_unique ON t (a, b);
CREATE TABLE p (k int, v int) PARTITION BY RANGE (k);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE e (k int, v int) PARTITION BY RANGE ((k + 1));
CREATE TABLE e_1 PARTITION OF e FOR VALUES FROM (0) TO (10);
CREATE VIEW v AS SELECT * FROM t;
CREATE TABLE parent (k int PRIMARY KEY, v text) PARTITION BY RANGE (k);
CREATE TABLE nullable (k int, v text);
CREATE TABLE part (k int NOT NULL, v text);
RESET pg_safe_index.mode;

-- the partition key is not included
CREATE UNIQUE INDEX ON p (v);
CREATE UNIQUE INDEX ON p (v) INCLUDE (k);
CREATE UNIQUE INDEX ON e (k);
ALTER TABLE p ADD UNIQUE (v);
ALTER TABLE p ADD PRIMARY KEY (v);
ALTER TABLE p ADD COLUMN z int UNIQUE;
ALTER TABLE e ADD UNIQUE (k);
-- ... or it is
CREATE UNIQUE INDEX ON p (v, k);
ALTER TABLE p ADD UNIQUE (k, v);
CREATE INDEX ON p (v);
-- the wrong word after ALTER
ALTER VIEW t ADD UNIQUE (a);
ALTER MATERIALIZED VIEW t ADD UNIQUE (a);
ALTER SEQUENCE t ADD UNIQUE (a);
ALTER INDEX t ADD UNIQUE (a);
ALTER FOREIGN TABLE t ADD UNIQUE (a);
ALTER VIEW t_plain SET TABLESPACE pg_default;
ALTER TABLE v ADD UNIQUE (a);
-- twice the same, no such column
ALTER TABLE t ADD UNIQUE (a, a);
ALTER TABLE t ADD PRIMARY KEY (a, b, a);
ALTER TABLE t ADD UNIQUE (nothing);
-- names that are taken
ALTER TABLE t ADD CONSTRAINT t_plain UNIQUE (a);
CREATE INDEX t_plain ON t (a);
CREATE INDEX v ON t (a);
-- what cannot be indexed
ALTER TABLE t ADD UNIQUE (j);
ALTER TABLE t ADD EXCLUDE USING gist (a WITH =);
ALTER TABLE t ADD EXCLUDE USING nothing (a WITH =);
CREATE INDEX ON t (j);
CREATE INDEX ON t USING nothing (a);
CREATE INDEX ON t (a nothing);
CREATE INDEX ON t (a) TABLESPACE nothing;
CREATE INDEX ON t (ctid);
-- a partition whose column may be null (the words differ between versions)
\set VERBOSITY sqlstate
ALTER TABLE parent ATTACH PARTITION nullable FOR VALUES FROM (0) TO (10);
ALTER TABLE parent ATTACH PARTITION part FOR VALUES FROM (0) TO (10);
SET pg_safe_index.mode = rewrite;
ALTER TABLE parent ATTACH PARTITION nullable FOR VALUES FROM (0) TO (10);
\set VERBOSITY terse
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'nullable'::regclass;
RESET pg_safe_index.mode;
DROP SCHEMA psi_err CASCADE;
