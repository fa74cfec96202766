-- Proves: the verdicts where no index is built and yet a table blocked, and where nobody is blocked: nulls to be looked
-- for, TOAST tables, tables without indexes, read-only transactions.
\set VERBOSITY terse
CREATE SCHEMA psi_noblock;
SET search_path = psi_noblock;
SET pg_safe_index.mode = off;
CREATE TABLE t (a int, b int);
CREATE INDEX t_a ON t (a);
CREATE TABLE bare (a int);
CREATE TABLE toasted (a text);
CREATE TABLE n (id bigint, other int);
CREATE UNIQUE INDEX n_i ON n (id);
CREATE UNIQUE INDEX n_two ON n (id, other);
CREATE TABLE proved (id bigint CHECK (id IS NOT NULL));
CREATE UNIQUE INDEX proved_i ON proved (id);
CREATE TABLE unproved (id bigint);
CREATE UNIQUE INDEX unproved_i ON unproved (id);
ALTER TABLE unproved ADD CONSTRAINT later CHECK (id IS NOT NULL) NOT VALID;
CREATE TABLE nn (id bigint NOT NULL);
CREATE UNIQUE INDEX nn_i ON nn (id);
RESET pg_safe_index.mode;

-- PRIMARY KEY USING INDEX makes columns NOT NULL, and scans the table for nulls.
\set VERBOSITY default
ALTER TABLE n ADD PRIMARY KEY USING INDEX n_i;
ALTER TABLE n ADD CONSTRAINT n_two PRIMARY KEY USING INDEX n_two, ADD COLUMN z int;
\set VERBOSITY terse
ALTER TABLE unproved ADD PRIMARY KEY USING INDEX unproved_i;
BEGIN;
ALTER TABLE proved ADD PRIMARY KEY USING INDEX proved_i;
ALTER TABLE nn ADD PRIMARY KEY USING INDEX nn_i;
ALTER TABLE n ADD UNIQUE USING INDEX n_i;
ROLLBACK;
ALTER TABLE t ADD PRIMARY KEY USING INDEX t_a;
ALTER TABLE t ADD PRIMARY KEY USING INDEX nothing;
SET pg_safe_index.mode = warn;
ALTER TABLE n ADD PRIMARY KEY USING INDEX n_i;
RESET pg_safe_index.mode;
-- a check that is valid spares the steps
\set VERBOSITY default
ALTER TABLE proved ADD PRIMARY KEY (id);
\set VERBOSITY terse

-- the TOAST table of a user's table, by a name that does not depend on its OID
SELECT set_config('psi.toast', reltoastrelid::regclass::text, false) = '' AS none FROM pg_class WHERE oid = 'toasted'::regclass;
CREATE FUNCTION told(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	RETURN 'ran';
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RETURN regexp_replace(SQLERRM, 'pg_toast_\d+', 'pg_toast_N', 'g');
END $$;
SELECT told(format('REINDEX TABLE %s', current_setting('psi.toast')));
SELECT told(format('REINDEX INDEX %s_index', current_setting('psi.toast')));
-- ... and that of a catalog, for which there is no concurrent form
REINDEX TABLE pg_toast.pg_toast_1255;
-- ... whose invalid index may be dropped, and does not end the walk over the names
SET allow_system_table_mods = on;
UPDATE pg_index SET indisvalid = false WHERE indrelid = current_setting('psi.toast')::regclass;
RESET allow_system_table_mods;
SELECT told(format('DROP INDEX %s_index, t_a', current_setting('psi.toast')));
SELECT told(format('DROP INDEX IF EXISTS %s_index', current_setting('psi.toast')));
UPDATE pg_index SET indisvalid = true WHERE indrelid = current_setting('psi.toast')::regclass;
SELECT regexp_replace(message, 'pg_toast_\d+', 'pg_toast_N', 'g') FROM (SELECT told('DROP INDEX t_a') AS message) AS m;

-- nothing to rebuild
REINDEX TABLE bare;
REINDEX TABLE toasted;
-- nobody reads or writes it
CREATE TABLE empty (a int) PARTITION BY LIST (a);
CREATE INDEX empty_a ON empty (a);
DROP INDEX empty_a;

-- REINDEX is allowed in read-only transactions.
BEGIN READ ONLY;
REINDEX TABLE t;
ROLLBACK;
BEGIN READ ONLY;
CREATE INDEX ON t (b);
ROLLBACK;
SET default_transaction_read_only = on;
REINDEX INDEX t_a;
DROP INDEX t_a;
RESET default_transaction_read_only;
DROP SCHEMA psi_noblock CASCADE;
