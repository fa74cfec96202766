-- Proves: the same verdicts from functions, procedures, DO blocks, multi-statement strings, event triggers and
-- cached statements that are executed twice; and that the hint speaks of the transaction there.
LOAD 'pg_safe_index';
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA psi_ctx;
SET search_path = psi_ctx;
CREATE TABLE t (a int, b int);
CREATE TABLE u (a int);
CREATE INDEX CONCURRENTLY u_a ON u (a);

-- transaction block, multi-statement string
\set VERBOSITY default
BEGIN;
CREATE INDEX t_a ON t (a);
ROLLBACK;
BEGIN;
DROP INDEX u_a;
ROLLBACK;
SELECT 1 AS one\; CREATE INDEX t_a ON t (a)\; SELECT 2 AS two;
CREATE INDEX CONCURRENTLY t_string ON t (a)\; SELECT 1 AS one;

-- DO block, function, procedure, dynamic SQL, SQL function, event trigger
DO $$ BEGIN CREATE INDEX t_a ON t (a); END $$;
\set VERBOSITY terse
DO $$ BEGIN EXECUTE 'CREATE INDEX t_a ON t (a)'; END $$;
CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE INDEX t_a ON t (a); END $$;
SELECT f();
CREATE FUNCTION g() RETURNS void LANGUAGE sql AS 'SELECT 1; DROP INDEX u_a';
SELECT g();
CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; CREATE INDEX t_a ON t (a); END $$;
CALL p();
CREATE PROCEDURE q() LANGUAGE plpgsql AS
  $$ BEGIN CREATE TABLE made (a int); CREATE INDEX ON made (a); COMMIT; CREATE INDEX ON made (a); END $$;
CALL q();
CREATE FUNCTION on_comment() RETURNS event_trigger LANGUAGE plpgsql AS
  $$ BEGIN CREATE INDEX t_a ON t (a); END $$;
CREATE EVENT TRIGGER psi_ctx_comment ON ddl_command_end WHEN TAG IN ('COMMENT') EXECUTE FUNCTION on_comment();
COMMENT ON TABLE t IS 'fires';
DROP EVENT TRIGGER psi_ctx_comment;

-- a caught refusal leaves the transaction in order
DO $$
BEGIN
  CREATE INDEX t_a ON t (a);
EXCEPTION WHEN object_not_in_prerequisite_state THEN
  RAISE WARNING 'caught %', SQLSTATE;
END $$;

-- one cached statement, executed for an old table and a new one in turn
CREATE FUNCTION twice() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1..4 LOOP
    IF i % 2 = 0 THEN
      CREATE TABLE psi_ctx.here (a int);
    END IF;
    BEGIN
      CREATE INDEX here_a ON here (a);
      RAISE WARNING 'round %: built', i;
      IF i = 2 THEN
        DROP TABLE psi_ctx.here;
      END IF;
    EXCEPTION WHEN object_not_in_prerequisite_state THEN
      RAISE WARNING 'round %: refused', i;
    END;
  END LOOP;
END $$;
CREATE SCHEMA psi_ctx_old CREATE TABLE here (a int);
SET search_path = psi_ctx, psi_ctx_old;
SELECT twice();
DROP TABLE psi_ctx.here;

-- the same statement refused many times in one memory context
CREATE FUNCTION again() RETURNS int LANGUAGE plpgsql AS $$
DECLARE refused int := 0;
BEGIN
  FOR i IN 1..100 LOOP
    BEGIN
      CREATE INDEX t_a ON t (a);
    EXCEPTION WHEN object_not_in_prerequisite_state THEN
      refused := refused + 1;
    END;
  END LOOP;
  RETURN refused;
END $$;
SELECT again();

-- warnings in a loop, each followed by the command
SET pg_safe_index.mode = warn;
DO $$ BEGIN FOR i IN 1..2 LOOP CREATE INDEX ON t (b); END LOOP; END $$;
RESET pg_safe_index.mode;
SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass;

-- an index that an event trigger creates, with its own mode, is none of the command that has nothing to build
CREATE TABLE empty (a int) PARTITION BY RANGE (a);
CREATE FUNCTION also() RETURNS event_trigger LANGUAGE plpgsql SET pg_safe_index.mode = off AS
  $$ BEGIN IF to_regclass('psi_ctx.t_also') IS NULL THEN CREATE INDEX t_also ON psi_ctx.t (a); END IF; END $$;
CREATE EVENT TRIGGER psi_also ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION also();
CREATE INDEX empty_a ON empty (a);
DROP EVENT TRIGGER psi_also;
SELECT indexrelid::regclass FROM pg_index WHERE indrelid IN ('t'::regclass, 'empty'::regclass) ORDER BY indexrelid::regclass::text COLLATE "C";

-- a command that only looks like one
SELECT 'CREATE INDEX t_a ON t (a)' AS not_a_command;
PREPARE s AS SELECT 1 AS "drop index";
EXECUTE s;
DEALLOCATE s;
DROP SCHEMA psi_ctx, psi_ctx_old CASCADE;
