-- Proves: a role that may not run the command gets PostgreSQL's own error and learns nothing about the table;
-- the owner's rules are the server's.
LOAD 'pg_safe_index';
\set VERBOSITY default
SET client_min_messages = warning;
CREATE ROLE regress_psi_owner;
CREATE ROLE regress_psi_other;
CREATE ROLE regress_psi_member IN ROLE regress_psi_owner;
CREATE SCHEMA psi_priv AUTHORIZATION regress_psi_owner;
CREATE SCHEMA psi_closed;
CREATE TABLE psi_closed.c (a int);
GRANT USAGE ON SCHEMA psi_priv TO PUBLIC;
SET ROLE regress_psi_owner;
CREATE TABLE psi_priv.t (a int);
CREATE INDEX CONCURRENTLY t_a ON psi_priv.t (a);
RESET ROLE;
-- a table of somebody else's in a schema of the owner's
CREATE TABLE psi_priv.s (a int);
CREATE INDEX CONCURRENTLY s_a ON psi_priv.s (a);

SET ROLE regress_psi_other;
CREATE INDEX ON psi_priv.t (a);
CREATE INDEX ON psi_priv.t (nocolumn);
DROP INDEX psi_priv.t_a;
DROP INDEX IF EXISTS psi_priv.t_a;
CREATE INDEX ON psi_closed.c (a);
DROP INDEX psi_closed.c_a;
SET ROLE regress_psi_owner;
CREATE INDEX ON psi_priv.t (a);
DROP INDEX psi_priv.t_a;
CREATE INDEX ON psi_priv.s (a);
DROP INDEX psi_priv.s_a;
-- stops at the one that is not ours
DROP INDEX psi_closed.c_a, psi_priv.t_a;
RESET ROLE;
CREATE SCHEMA psi_open;
CREATE TABLE psi_open.o (a int);
CREATE INDEX CONCURRENTLY o_a ON psi_open.o (a);
GRANT USAGE ON SCHEMA psi_open TO regress_psi_owner;
SET ROLE regress_psi_owner;
DROP INDEX psi_open.o_a, psi_priv.t_a;
SET ROLE regress_psi_member;
CREATE INDEX ON psi_priv.t (a);
DROP INDEX psi_priv.t_a;
RESET ROLE;
-- an owner who may not create in the schema
ALTER SCHEMA psi_priv OWNER TO CURRENT_USER;
SET ROLE regress_psi_owner;
CREATE INDEX ON psi_priv.t (a);
DROP INDEX psi_priv.t_a;
RESET ROLE;
-- the rights are those of the effective role
GRANT CREATE ON SCHEMA psi_priv TO regress_psi_owner;
SET ROLE regress_psi_owner;
CREATE FUNCTION psi_priv.build() RETURNS void LANGUAGE sql SECURITY DEFINER
  AS 'CREATE INDEX ON psi_priv.t (a)';
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET ROLE regress_psi_other;
SELECT psi_priv.build();
RESET ROLE;

DROP SCHEMA psi_priv, psi_closed, psi_open CASCADE;
DROP ROLE regress_psi_member, regress_psi_other, regress_psi_owner;
