-- Proves: the verdicts over ALTER TABLE that adds constraints which build an index.
LOAD 'pg_safe_index';
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA psi_con;
SET search_path = psi_con;
CREATE TABLE t (a int NOT NULL, b text, c int, d int4range);
CREATE TABLE k (a int PRIMARY KEY, b int);
CREATE TABLE p (a int NOT NULL, b int) PARTITION BY RANGE (a);
CREATE TABLE e (a int NOT NULL, b int) PARTITION BY RANGE (a);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE VIEW v AS SELECT 1 AS a;
CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;

-- violations
ALTER TABLE t ADD UNIQUE (a);
ALTER TABLE t ADD CONSTRAINT c UNIQUE (a, b) INCLUDE (c);
ALTER TABLE t ADD PRIMARY KEY (a);
ALTER TABLE ONLY t ADD CONSTRAINT t_pkey PRIMARY KEY (a);
ALTER TABLE IF EXISTS psi_con.t ADD UNIQUE NULLS NOT DISTINCT (b);
ALTER TABLE t ADD UNIQUE (a) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE t ADD UNIQUE (a) WITH (fillfactor = 70) USING INDEX TABLESPACE pg_default;
ALTER TABLE t ADD EXCLUDE USING btree (a WITH =);
ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING gist (d WITH &&) WHERE (a > 0);
ALTER TABLE t ADD COLUMN n int UNIQUE;
ALTER TABLE t ADD COLUMN n int CONSTRAINT n_key UNIQUE DEFERRABLE;
ALTER TABLE t ADD n bigserial PRIMARY KEY;
ALTER TABLE t ADD COLUMN IF NOT EXISTS n int UNIQUE;
ALTER TABLE t ADD COLUMN n int, ADD UNIQUE (n, a);
ALTER TABLE t ALTER c SET DEFAULT 1, ADD CHECK (c > 0), ADD UNIQUE (c), ADD UNIQUE (a);
ALTER TABLE p ADD PRIMARY KEY (a);
ALTER TABLE p ADD UNIQUE (a, b);
ALTER TABLE p_1 ADD UNIQUE (b);
DO $$ BEGIN ALTER TABLE t ADD UNIQUE (a); END $$;
SELECT count(*) AS built FROM pg_index WHERE indrelid = 't'::regclass;

-- an index that is there
CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a);
CREATE UNIQUE INDEX CONCURRENTLY t_c ON t (c);
ALTER TABLE t ADD CONSTRAINT t_u UNIQUE USING INDEX t_c;
ALTER TABLE t ADD PRIMARY KEY USING INDEX t_a;

-- constraints without an index, and other subcommands
ALTER TABLE t ADD CHECK (c > 0) NOT VALID, ADD FOREIGN KEY (c) REFERENCES k (a), ALTER b SET STATISTICS 7;
ALTER TABLE t ADD COLUMN o int DEFAULT 1 CHECK (o > 0) REFERENCES k (a);
ALTER TABLE t DROP COLUMN o;

-- nothing is built
ALTER TABLE t ADD COLUMN IF NOT EXISTS b text UNIQUE;
ALTER TABLE ONLY p ADD CONSTRAINT p_only UNIQUE (a, b);
ALTER TABLE e ADD PRIMARY KEY (a);
ALTER TABLE IF EXISTS nothing ADD UNIQUE (a);

-- private, new
CREATE TEMP TABLE tmp (a int);
ALTER TABLE tmp ADD PRIMARY KEY (a);
BEGIN;
CREATE TABLE n (a int, b int);
ALTER TABLE n ADD PRIMARY KEY (a), ADD UNIQUE (b), ADD COLUMN c int UNIQUE;
CREATE TABLE np (a int) PARTITION BY RANGE (a);
CREATE TABLE np_1 PARTITION OF np FOR VALUES FROM (0) TO (10);
ALTER TABLE np ADD PRIMARY KEY (a);
ROLLBACK;
CREATE TABLE n (a int PRIMARY KEY, b int UNIQUE REFERENCES k (a), FOREIGN KEY (b) REFERENCES n (a));

-- missing, or what PostgreSQL refuses itself
\set VERBOSITY sqlstate
ALTER TABLE nothing ADD UNIQUE (a);
ALTER TABLE t ADD UNIQUE (nothing);
ALTER TABLE t ADD UNIQUE (a) INCLUDE (nothing);
ALTER TABLE t ADD COLUMN b text UNIQUE;
ALTER TABLE k ADD PRIMARY KEY (b);
ALTER TABLE v ADD UNIQUE (a);
ALTER TABLE m ADD UNIQUE (a);
ALTER TABLE pg_class ADD UNIQUE (relname);
CREATE ROLE regress_psi_con;
GRANT USAGE ON SCHEMA psi_con TO regress_psi_con;
SET ROLE regress_psi_con;
ALTER TABLE t ADD UNIQUE (b);
RESET ROLE;
DROP OWNED BY regress_psi_con;
DROP ROLE regress_psi_con;

-- the words
\set VERBOSITY default
ALTER TABLE p ADD CONSTRAINT "P u" UNIQUE (a, b) WITH (fillfactor = 70);
alter /* ; */ table t -- add unique (x)
  add unique (b) with (fillfactor = 70), -- the first
  add constraint "U 2" unique nulls not distinct (b) include (c) deferrable initially deferred,
  add column z text default ', add unique (b)' constraint "U 3" unique not null /* ! */,
  alter c set default 7;
ALTER TABLE t ADD EXCLUDE USING btree (b WITH =);
CREATE TABLE nn (a int, "B b" int NOT NULL);
ALTER TABLE nn ADD PRIMARY KEY (a, "B b");
BEGIN;
ALTER TABLE t ADD UNIQUE (b);
ROLLBACK;
ALTER TABLE t ADD UNIQUE (b), ADD EXCLUDE USING btree (b WITH =);

-- small, operations
SET pg_safe_index.min_table_size = '1MB';
ALTER TABLE t ADD CONSTRAINT small UNIQUE (b);
RESET pg_safe_index.min_table_size;
SET pg_safe_index.operations = '';
ALTER TABLE t ADD CONSTRAINT unchecked UNIQUE (b);
RESET pg_safe_index.operations;

-- a column that is there is passed over, and what comes after it is not; a column that goes takes its constraints along
CREATE TABLE nc (id int NOT NULL, x int, c int CONSTRAINT nc_c_key UNIQUE, PRIMARY KEY (id));
ALTER TABLE nc ADD COLUMN IF NOT EXISTS c int CONSTRAINT nc_c_key UNIQUE, ADD CONSTRAINT nc_x_key UNIQUE (x);
ALTER TABLE nc DROP COLUMN c, ADD CONSTRAINT nc_c_key UNIQUE (x);
ALTER TABLE nc DROP COLUMN id, ADD PRIMARY KEY (x);
\set VERBOSITY terse
ALTER TABLE nc ADD CONSTRAINT nc_c_key UNIQUE (x);
\set VERBOSITY default
SELECT count(*) FROM pg_index WHERE indrelid = 'nc'::regclass;

-- what goes with a constraint, behind a collation
ALTER TABLE nc ADD COLUMN co text UNIQUE COLLATE "C" DEFERRABLE INITIALLY DEFERRED CHECK (co <> '');

-- the names of our own check constraints are free
CREATE TABLE nu (a int CONSTRAINT nu_a_is_not_null CHECK (a > 0), b int);
ALTER TABLE nu ADD PRIMARY KEY (a, b);
-- ONLY stays
ALTER TABLE ONLY nu ADD UNIQUE (b);

-- the new key is there before the old one goes, and has its name
CREATE TABLE rk (id int NOT NULL, a int CONSTRAINT rk_pkey PRIMARY KEY, b int CONSTRAINT rk_b_key UNIQUE, c int);
ALTER TABLE rk DROP CONSTRAINT rk_pkey, ADD PRIMARY KEY (id);
ALTER TABLE ONLY rk DROP COLUMN a, ALTER c SET DEFAULT 1, DROP CONSTRAINT rk_b_key,
  ADD CONSTRAINT rk_pkey PRIMARY KEY (id), ADD CONSTRAINT rk_b_key UNIQUE (b, c) DEFERRABLE;
ALTER TABLE rk DROP COLUMN b, ADD COLUMN b int UNIQUE;
SET pg_safe_index.mode = off;
CREATE TABLE pk (a int, b int, PRIMARY KEY (a)) PARTITION BY RANGE (a);
CREATE TABLE pk_1 PARTITION OF pk FOR VALUES FROM (0) TO (10);
RESET pg_safe_index.mode;
ALTER TABLE pk DROP CONSTRAINT pk_pkey, ADD UNIQUE (a);

-- what PostgreSQL allows only after the old one has gone
CREATE UNIQUE INDEX CONCURRENTLY rk_i ON rk (id);
ALTER TABLE rk DROP CONSTRAINT rk_pkey, ALTER a DROP NOT NULL, ADD PRIMARY KEY (id);
ALTER TABLE rk DROP CONSTRAINT rk_pkey, ADD PRIMARY KEY USING INDEX rk_i, ADD UNIQUE (c);
ALTER TABLE rk DROP CONSTRAINT rk_b_key, ADD CONSTRAINT rk_b_key CHECK (b > 0), ADD UNIQUE (c);

-- what needs a constraint comes after it
ALTER TABLE rk ADD CONSTRAINT rk_k UNIQUE (id), REPLICA IDENTITY USING INDEX rk_k, CLUSTER ON rk_k, ALTER b SET DEFAULT 1,
  ADD CONSTRAINT rk_f FOREIGN KEY (b) REFERENCES rk (id) NOT VALID, VALIDATE CONSTRAINT rk_f;
ALTER TABLE rk ADD UNIQUE (c), CLUSTER ON rk_c_key;
ALTER TABLE rk ADD UNIQUE (c), ADD COLUMN p int REFERENCES rk (c);
ALTER TABLE rk ADD UNIQUE (c), ADD COLUMN p int REFERENCES rk, ADD COLUMN q int REFERENCES k;

-- SET NOT NULL does not scan the table either
ALTER TABLE rk ALTER c SET NOT NULL, ADD UNIQUE (c), ALTER id SET NOT NULL;
ALTER TABLE nu ALTER b SET NOT NULL, ADD PRIMARY KEY (b);
ALTER TABLE nu ALTER b DROP DEFAULT, ALTER b SET NOT NULL, ALTER b ADD GENERATED ALWAYS AS IDENTITY, ADD UNIQUE (b);

-- a column that becomes the primary key is not scanned for nulls; constraints that PostgreSQL merges
ALTER TABLE nu ADD COLUMN p int DEFAULT 5 PRIMARY KEY;
ALTER TABLE nu ADD COLUMN u int UNIQUE UNIQUE;
ALTER TABLE nu ADD COLUMN u int UNIQUE DEFERRABLE CONSTRAINT named UNIQUE UNIQUE NULLS NOT DISTINCT PRIMARY KEY NOT NULL;

-- CHECK and FOREIGN KEY: the rows are checked without a lock that blocks
ALTER TABLE nu ADD UNIQUE (b), ADD CHECK (a > 0 AND nu.a < 9), ADD CONSTRAINT "N c" CHECK (b > a),
  ADD CHECK (b > a) NO INHERIT, ADD CHECK (b > 0) NOT VALID, ADD FOREIGN KEY (a, b) REFERENCES nu (a, b) DEFERRABLE,
  ADD /* what */ FOREIGN KEY (a) REFERENCES k (a) -- whom
;

SET client_min_messages = error;
DROP SCHEMA psi_con CASCADE;
