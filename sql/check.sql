-- Proves: what pg_safe_index_check() returns, and that it changes nothing. test/t/025_check.pl compares the verdicts with what happens.
CREATE EXTENSION pg_safe_index;
LOAD 'pg_safe_index';
SET client_min_messages = warning;
CREATE SCHEMA psi_check;
SET search_path = psi_check, public;
CREATE TABLE t (a int, b text);
CREATE TABLE small (a int);
CREATE TABLE p (a int) PARTITION BY LIST (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
SET pg_safe_index.mode = off;
CREATE INDEX t_b ON t (b);
RESET pg_safe_index.mode;
PREPARE short (text, boolean) AS
	SELECT statement AS s, line AS l, operation, object, verdict, reason, message FROM pg_safe_index_check($1, $2);

-- all columns
\x on
SELECT * FROM pg_safe_index_check($$
-- a comment
CREATE INDEX /* another */ ON t (a) ; -- and one more
  create index concurrently on t
    (a)
$$);
\x off

-- nothing to say, and null
EXECUTE short('', false);
EXECUTE short(';;SELECT 1; CREATE TABLE x ();', false);
EXECUTE short(NULL, false);

-- the commonest migration
EXECUTE short('ALTER TABLE t ADD COLUMN c int; CREATE INDEX ON t (c)', false);
SELECT detail, hint FROM pg_safe_index_check('ALTER TABLE t ADD COLUMN c int; ALTER TABLE t ADD PRIMARY KEY (c)');

-- transactions
EXECUTE short('CREATE TABLE n (a int); CREATE INDEX ON n (a); CREATE INDEX CONCURRENTLY ON t (a)', false);
EXECUTE short('CREATE TABLE n (a int); CREATE INDEX ON n (a); CREATE INDEX CONCURRENTLY ON t (a)', true);
EXECUTE short('CREATE TABLE n (a int); COMMIT; CREATE INDEX ON n (a); CREATE INDEX CONCURRENTLY ON t (a)', true);
EXECUTE short('BEGIN; CREATE TABLE n (a int); COMMIT AND CHAIN; CREATE INDEX ON n (a); REINDEX SCHEMA psi_check', false);
EXECUTE short('BEGIN; SAVEPOINT s; CREATE TABLE t2 (); ROLLBACK TO s; CREATE INDEX ON t2 (a); ROLLBACK TO s; RELEASE s; ROLLBACK TO s', false);

-- settings
SET pg_safe_index.mode = off;
EXECUTE short('CREATE INDEX ON t (a)', false);
SET pg_safe_index.mode = warn;
EXECUTE short('CREATE INDEX ON t (a); SET pg_safe_index.mode = off; CREATE INDEX ON t (a); RESET pg_safe_index.mode; CREATE INDEX ON t (a)', false);
EXECUTE short('BEGIN; SET LOCAL pg_safe_index.mode = off; CREATE INDEX ON t (a); COMMIT; CREATE INDEX ON t (a)', false);
EXECUTE short('BEGIN; SET pg_safe_index.mode = off; ROLLBACK; CREATE INDEX ON t (a); SET pg_safe_index.mode = off; RESET ALL; CREATE INDEX ON t (a)', false);
SHOW pg_safe_index.mode;
RESET pg_safe_index.mode;
SET pg_safe_index.minimum_mode = warn;
EXECUTE short('SET pg_safe_index.mode = off; CREATE INDEX ON t (a)', false);
RESET pg_safe_index.minimum_mode;
SET pg_safe_index.exempt_applications = '*';
EXECUTE short('CREATE INDEX ON t (a)', false);
RESET pg_safe_index.exempt_applications;
SET pg_safe_index.operations = 'drop_index';
EXECUTE short('CREATE INDEX ON t (a); DROP INDEX t_b', false);
RESET pg_safe_index.operations;
SET pg_safe_index.min_table_size = '1MB';
EXECUTE short('CREATE INDEX ON t (a); INSERT INTO t VALUES (1); CREATE INDEX ON t (a); CREATE TABLE n (a int); CREATE INDEX ON n (a)', false);
EXECUTE short('CREATE TABLE n (a int); CREATE INDEX ON n (a); CREATE TABLE m AS SELECT 1 AS a; CREATE INDEX ON n (a)', false);
RESET pg_safe_index.min_table_size;
EXECUTE short('SET search_path = nowhere; CREATE INDEX ON t (a); SET search_path = psi_check; CREATE INDEX ON t (a)', false);
EXECUTE short('SET pg_safe_index.min_table_size = nonsense; CREATE INDEX ON t (a); CREATE INDEX ON nothing (a)', false);
EXECUTE short('BEGIN READ ONLY; CREATE INDEX ON nothing (a)', false);
SHOW search_path;

-- not known
EXECUTE short('DO $x$ BEGIN END $x$; CREATE INDEX ON t (a); CREATE INDEX ON nothing (a); DROP INDEX IF EXISTS nothing', false);
CREATE FUNCTION f() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE FUNCTION g() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
EXECUTE short('SELECT now(), nextval(NULL); SELECT g(); INSERT INTO t SELECT f(); EXPLAIN SELECT f(); EXPLAIN ANALYZE SELECT f(); CALL x(); EXECUTE y', false);
EXECUTE short('BEGIN; DO $x$ BEGIN END $x$; ROLLBACK; CREATE INDEX ON nothing (a)', false);
EXECUTE short('ALTER TABLE t DROP COLUMN a; DROP INDEX t_b', false);
EXECUTE short('ALTER TABLE p DETACH PARTITION p1; CREATE INDEX ON p (a); CREATE INDEX ON p1 (a)', false);
EXECUTE short('CREATE TABLE n (LIKE t); CREATE INDEX ON n (a)', false);
EXECUTE short('ALTER TABLE t ADD COLUMN c made; CREATE INDEX ON t (c)', false);
EXECUTE short('DROP SCHEMA psi_check CASCADE; CREATE SCHEMA psi_check; BEGIN; CREATE TABLE t (a int); CREATE INDEX ON t (a)', false);
EXECUTE short('CREATE TABLE n (a int); PREPARE TRANSACTION ''x''; CREATE INDEX ON n (a); CREATE INDEX ON t (a)', true);
EXECUTE short('ALTER TABLE t OWNER TO somebody; CREATE INDEX ON t (a)', false);

-- without the index of the parent, nothing is built
SET pg_safe_index.mode = off;
CREATE INDEX p_a ON p (a);
RESET pg_safe_index.mode;
EXECUTE short('ALTER TABLE p ATTACH PARTITION small FOR VALUES IN (2)', false);
EXECUTE short('DROP INDEX p_a; ALTER TABLE p ATTACH PARTITION small FOR VALUES IN (2)', false);
SET pg_safe_index.mode = off;
DROP INDEX p_a;
RESET pg_safe_index.mode;

-- rights
CREATE ROLE psi_check_other;
GRANT USAGE ON SCHEMA psi_check TO psi_check_other;
CREATE SCHEMA psi_check_closed;
CREATE TABLE psi_check_closed.c (a int);
EXECUTE short('SET ROLE psi_check_other; CREATE INDEX ON t (a); CREATE INDEX ON psi_check_closed.c (a); RESET ROLE; CREATE INDEX ON t (a)', false);
EXECUTE short('SET ROLE psi_check_nobody; CREATE INDEX ON nothing (a)', false);
SELECT current_user = session_user AS same_role;
SET ROLE psi_check_other;
EXECUTE short('CREATE INDEX ON t (a); DROP INDEX t_b; REINDEX TABLE t; RESET ROLE; CREATE INDEX ON t (a)', false);
SELECT current_user;
RESET ROLE;

-- several operations
EXECUTE short('DROP INDEX t_b, nothing; DROP INDEX IF EXISTS nothing, t_b; ALTER TABLE t ADD UNIQUE (a), ADD UNIQUE (b)', false);

-- PostgreSQL's own errors
EXECUTE short('REINDEX (concurrently nonsense) TABLE t; CREATE INDEX ON t (nosuchfn(a)); CREATE INDEX ON otherdb.public.t (a)', false);
EXECUTE short('DROP TABLE a.b.c.d; SET ROLE TO a, b; CREATE INDEX ON t (a)', false);

-- syntax errors, on their lines
SELECT * FROM pg_safe_index_check(E'CREATE TABLE x ();\nCREATE INDEX ON;\n');
SELECT * FROM pg_safe_index_check(E'SELECT 1;\n\\echo no\n');
SELECT * FROM pg_safe_index_check(E'COPY t FROM stdin;\n1\tx\n\\.\n');

-- read-only, in a block, and nothing has happened
BEGIN READ ONLY;
EXECUTE short('CREATE INDEX ON t (a)', false);
SELECT relation::regclass, mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 't'::regclass;
COMMIT;
SELECT count(*) AS indexes FROM pg_class WHERE relnamespace = 'psi_check'::regnamespace AND relkind = 'i';

SET pg_safe_index.mode = off;
DEALLOCATE short;
DROP SCHEMA psi_check CASCADE;
DROP SCHEMA psi_check_closed CASCADE;
DROP ROLE psi_check_other;
DROP EXTENSION pg_safe_index;
