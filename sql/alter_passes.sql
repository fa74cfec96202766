-- Proves: ALTER TABLE is judged in the order in which PostgreSQL executes its subcommands, whatever that of the text.
\set VERBOSITY terse
CREATE SCHEMA psi_pass;
SET search_path = psi_pass;
SET pg_safe_index.mode = off;
CREATE TABLE t (a int, b int, c int);
CREATE INDEX t_plain ON t (b);
CREATE TABLE u (a int CONSTRAINT u_a UNIQUE, b int);
CREATE TABLE k (a int PRIMARY KEY, b int NOT NULL);
CREATE TABLE p (a int NOT NULL, b int) PARTITION BY RANGE (a);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (1) TO (10);
RESET pg_safe_index.mode;

-- columns are dropped first
ALTER TABLE t DROP COLUMN b, ADD COLUMN b int UNIQUE;
ALTER TABLE t DROP COLUMN b, ADD COLUMN IF NOT EXISTS b int UNIQUE;
ALTER TABLE k DROP CONSTRAINT k_pkey, DROP COLUMN a, ADD COLUMN IF NOT EXISTS a serial PRIMARY KEY;
ALTER TABLE t ADD UNIQUE (c), DROP COLUMN c;
ALTER TABLE t DROP COLUMN c, ADD UNIQUE (c);
-- ... and added before constraints are looked at
ALTER TABLE t ADD UNIQUE (d), ADD COLUMN d int;
-- The index of a column is built before that of a constraint: the name that is taken is found out too late.
ALTER TABLE u ADD CONSTRAINT u_a UNIQUE (b), ADD COLUMN z int UNIQUE;
ALTER TABLE u ADD CONSTRAINT u_a UNIQUE (b);
ALTER TABLE k ADD PRIMARY KEY (b), ADD COLUMN z int UNIQUE;
ALTER TABLE k ADD PRIMARY KEY (b);
ALTER TABLE t ADD PRIMARY KEY (a), ADD PRIMARY KEY (b);
\set VERBOSITY sqlstate
ALTER TABLE p ADD UNIQUE (b), ADD COLUMN z int, ADD UNIQUE (a);
\set VERBOSITY terse
ALTER TABLE p ADD UNIQUE (a), ADD UNIQUE (b);
-- PostgreSQL finds these out before it builds anything.
ALTER TABLE t ADD UNIQUE (a), ADD PRIMARY KEY (nothing);
ALTER TABLE t ADD UNIQUE (nothing), ADD UNIQUE (a);
ALTER TABLE t ADD UNIQUE (a), DROP COLUMN nothing;
ALTER TABLE t ADD UNIQUE (a), DROP CONSTRAINT nothing;
ALTER TABLE t ADD UNIQUE (a), ALTER COLUMN nothing TYPE text;
ALTER TABLE t ADD UNIQUE (a), ALTER COLUMN nothing SET NOT NULL;
ALTER TABLE t ADD UNIQUE (a), ADD COLUMN a int;
ALTER TABLE t ADD UNIQUE (a), ADD UNIQUE (b, b);
-- ... and these afterwards.
ALTER TABLE t ADD UNIQUE (a), ADD UNIQUE (nothing);
ALTER TABLE t ADD UNIQUE (a), ADD UNIQUE (b) INCLUDE (nothing);
ALTER TABLE t ADD UNIQUE (a), ALTER COLUMN nothing SET DEFAULT 1;
ALTER TABLE t ADD UNIQUE (a), ADD CHECK (nothing > 1);
ALTER TABLE t ADD UNIQUE (a), ADD FOREIGN KEY (a) REFERENCES nothing;
-- What proves that a column holds no nulls is dropped before PostgreSQL looks for a proof, and so is NOT NULL.
SET pg_safe_index.mode = off;
CREATE TABLE proved (a int CONSTRAINT proof CHECK (a IS NOT NULL), b int CONSTRAINT other CHECK (b > 0));
CREATE UNIQUE INDEX proved_a ON proved (a);
ALTER TABLE proved ADD COLUMN c int NOT NULL;
CREATE UNIQUE INDEX proved_c ON proved (c);
RESET pg_safe_index.mode;
BEGIN;
ALTER TABLE proved ADD PRIMARY KEY USING INDEX proved_a;
ROLLBACK;
BEGIN;
ALTER TABLE proved DROP CONSTRAINT other, ADD CONSTRAINT pk PRIMARY KEY USING INDEX proved_a;
ROLLBACK;
BEGIN;
ALTER TABLE proved ADD PRIMARY KEY USING INDEX proved_c;
ROLLBACK;
ALTER TABLE proved ADD PRIMARY KEY USING INDEX proved_c, ALTER COLUMN c DROP NOT NULL;
\set VERBOSITY default
ALTER TABLE proved ADD CONSTRAINT pk PRIMARY KEY USING INDEX proved_a, DROP CONSTRAINT proof;
\set VERBOSITY terse
ALTER TABLE proved DROP CONSTRAINT IF EXISTS proof, ADD PRIMARY KEY (a);
-- what is not there need not be dropped
ALTER TABLE t ADD UNIQUE (a), DROP COLUMN IF EXISTS nothing, DROP CONSTRAINT IF EXISTS nothing;
DROP SCHEMA psi_pass CASCADE;
