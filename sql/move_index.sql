-- Proves: the verdicts over moving indexes to another tablespace.
LOAD 'pg_safe_index';
\set VERBOSITY terse
SET client_min_messages = warning;
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE regress_psi_1 LOCATION '';
CREATE TABLESPACE regress_psi_2 LOCATION '';
CREATE ROLE regress_psi_move;
CREATE SCHEMA psi_move;
SET search_path = psi_move;
CREATE TABLE t (a int, b int);
CREATE INDEX CONCURRENTLY t_a ON t (a);
CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE e (a int PRIMARY KEY) PARTITION BY RANGE (a);
SET pg_safe_index.mode = off;
CREATE INDEX p_a ON p (a);
RESET pg_safe_index.mode;

-- violations
ALTER INDEX t_a SET TABLESPACE regress_psi_1;
ALTER INDEX IF EXISTS psi_move.t_a SET TABLESPACE regress_psi_1;
ALTER TABLE t_a SET TABLESPACE regress_psi_1;
ALTER INDEX p_1_a_idx SET TABLESPACE regress_psi_1;
ALTER INDEX t_a SET (fillfactor = 70), SET TABLESPACE regress_psi_1;
\set VERBOSITY default
ALTER INDEX t_a SET TABLESPACE regress_psi_1;
BEGIN;
ALTER INDEX t_a SET TABLESPACE regress_psi_1;
ROLLBACK;
-- as it says
REINDEX (TABLESPACE regress_psi_1) INDEX CONCURRENTLY t_a;
SELECT tablespace FROM pg_indexes WHERE indexname = 't_a';
CREATE INDEX CONCURRENTLY t_b ON t (b) TABLESPACE regress_psi_1;
ALTER INDEX ALL IN TABLESPACE regress_psi_1 SET TABLESPACE regress_psi_2;
ALTER INDEX ALL IN TABLESPACE regress_psi_1 OWNED BY CURRENT_USER SET TABLESPACE regress_psi_2 NOWAIT;
-- partitioned indexes are moved as well: nothing but a note for new partitions
SET pg_safe_index.mode = off;
CREATE INDEX p_b ON p (b) TABLESPACE regress_psi_1;
RESET pg_safe_index.mode;
ALTER INDEX ALL IN TABLESPACE regress_psi_1 SET TABLESPACE regress_psi_2;
SET pg_safe_index.mode = rewrite;
ALTER INDEX ALL IN TABLESPACE regress_psi_1 SET TABLESPACE regress_psi_2;
SELECT tablespace, indexname FROM pg_indexes WHERE schemaname = 'psi_move' AND tablespace <> '' ORDER BY 1, 2;
SET pg_safe_index.mode = off;
DROP INDEX p_b;
ALTER INDEX t_a SET TABLESPACE regress_psi_1;
ALTER INDEX t_b SET TABLESPACE regress_psi_1;
RESET pg_safe_index.mode;

-- passes: no storage, nothing there, nobody else's, new
\set VERBOSITY terse
ALTER INDEX p_a SET TABLESPACE regress_psi_1;
ALTER INDEX e_pkey SET TABLESPACE regress_psi_1;
-- ... there already
ALTER INDEX p_1_a_idx SET TABLESPACE pg_default;
ALTER INDEX t_b SET TABLESPACE regress_psi_1;
ALTER INDEX t_b SET TABLESPACE regress_psi_2;
ALTER INDEX p_1_a_idx SET TABLESPACE regress_psi_2;
ALTER INDEX ALL IN TABLESPACE regress_psi_2 SET TABLESPACE regress_psi_1;
ALTER INDEX ALL IN TABLESPACE regress_psi_1 OWNED BY regress_psi_move SET TABLESPACE regress_psi_2;
ALTER INDEX ALL IN TABLESPACE regress_psi_1 SET TABLESPACE regress_psi_1;
ALTER TABLE t SET TABLESPACE regress_psi_1;
ALTER TABLE ALL IN TABLESPACE regress_psi_1 SET TABLESPACE pg_default;
ALTER INDEX IF EXISTS nothing SET TABLESPACE regress_psi_1;
ALTER INDEX t_a SET (fillfactor = 70);
ALTER INDEX t_a RENAME TO t_c;
ALTER INDEX t_c RENAME TO t_a;
BEGIN;
CREATE TABLE n (a int PRIMARY KEY);
ALTER INDEX n_pkey SET TABLESPACE regress_psi_1;
ROLLBACK;

-- PostgreSQL's own answer
\set VERBOSITY sqlstate
ALTER INDEX nothing SET TABLESPACE regress_psi_1;
ALTER INDEX t_a SET TABLESPACE nothing;
ALTER INDEX t SET TABLESPACE regress_psi_1;
ALTER INDEX ALL IN TABLESPACE nothing SET TABLESPACE regress_psi_1;
GRANT USAGE ON SCHEMA psi_move TO regress_psi_move;
SET ROLE regress_psi_move;
ALTER INDEX t_a SET TABLESPACE regress_psi_1;
ALTER INDEX ALL IN TABLESPACE regress_psi_1 SET TABLESPACE pg_default;
RESET ROLE;

-- an exclusion constraint: its index has no concurrent form
\set VERBOSITY default
CREATE TABLE x (a int, EXCLUDE USING btree (a WITH =));
ALTER INDEX x_a_excl SET TABLESPACE regress_psi_1;
-- ... among others: it is left out, so mode rewrite does not begin
SET pg_safe_index.mode = off;
ALTER INDEX x_a_excl SET TABLESPACE regress_psi_1;
SET pg_safe_index.mode = rewrite;
ALTER INDEX ALL IN TABLESPACE regress_psi_1 SET TABLESPACE regress_psi_2;
SET pg_safe_index.mode = off;
ALTER INDEX t_a SET TABLESPACE regress_psi_2;
ALTER INDEX t_b SET TABLESPACE regress_psi_2;
RESET pg_safe_index.mode;
ALTER INDEX ALL IN TABLESPACE regress_psi_1 SET TABLESPACE regress_psi_2;

SET client_min_messages = error;
DROP SCHEMA psi_move CASCADE;
DROP ROLE regress_psi_move;
DROP TABLESPACE regress_psi_1;
DROP TABLESPACE regress_psi_2;
