-- Proves: the settings, their defaults and ranks, who may set them, and what a bad value is answered with.
LOAD 'pg_safe_index';
\set VERBOSITY default
-- max_violations can be set at server start only if the library is loaded then: test/t/017
SELECT name, setting, unit, context, vartype, enumvals, boot_val, short_desc
  FROM pg_settings WHERE name LIKE 'pg\_safe\_index.%' AND name <> 'pg_safe_index.max_violations' ORDER BY name;

-- bad values
SET pg_safe_index.mode = 'maybe';
SET pg_safe_index.minimum_mode = 'strict';
\set VERBOSITY sqlstate
SET pg_safe_index.min_table_size = '-1';
\set VERBOSITY default
SET pg_safe_index.min_table_size = '3 apples';
SET pg_safe_index.exempt_applications = 'a,,b';
SET pg_safe_index.exempt_applications = '"a';
SET pg_safe_index.exempt_applications = 'a "b"';
SET pg_safe_index.mood = 'good';

-- every way to set within a session
CREATE TABLE settings_t (a int);
CREATE INDEX ON settings_t (a);
BEGIN;
SET LOCAL pg_safe_index.mode = off;
CREATE INDEX settings_local ON settings_t (a);
COMMIT;
\set VERBOSITY terse
CREATE INDEX ON settings_t (a);
CREATE FUNCTION settings_off() RETURNS void LANGUAGE sql SET pg_safe_index.mode = off
  AS 'CREATE INDEX settings_function ON settings_t (a)';
SELECT settings_off();
CREATE INDEX ON settings_t (a);
SELECT set_config('pg_safe_index.mode', 'off', false);
CREATE INDEX settings_session ON settings_t (a);
RESET pg_safe_index.mode;
CREATE INDEX ON settings_t (a);

-- the floor: the stricter of the two modes is in force
\set VERBOSITY default
SET pg_safe_index.minimum_mode = error;
SET pg_safe_index.mode = off;
CREATE INDEX ON settings_t (a);
SET pg_safe_index.mode = error;
CREATE INDEX ON settings_t (a);
SET pg_safe_index.minimum_mode = warn;
CREATE INDEX ON settings_t (a);
SET pg_safe_index.mode = warn;
CREATE INDEX ON settings_t (a);
SET pg_safe_index.mode = off;
CREATE INDEX ON settings_t (a);
RESET pg_safe_index.minimum_mode;
CREATE INDEX ON settings_t (a);
RESET pg_safe_index.mode;

-- who may set what
CREATE ROLE regress_psi_plain;
SET ROLE regress_psi_plain;
SET pg_safe_index.mode = warn;
RESET pg_safe_index.mode;
SET pg_safe_index.minimum_mode = off;
SET pg_safe_index.min_table_size = 0;
SET pg_safe_index.exempt_applications = '';
RESET ROLE;
GRANT SET ON PARAMETER pg_safe_index.minimum_mode TO regress_psi_plain;
SET ROLE regress_psi_plain;
SET pg_safe_index.minimum_mode = warn;
RESET pg_safe_index.minimum_mode;
RESET ROLE;
REVOKE SET ON PARAMETER pg_safe_index.minimum_mode FROM regress_psi_plain;
DROP ROLE regress_psi_plain;

-- applications
\set VERBOSITY terse
SET pg_safe_index.exempt_applications = 'pg_restore, "my, app" , Migrator *';
SET application_name = 'pg_restore';
CREATE INDEX ON settings_t (a);
SET application_name = 'pg_restor';
CREATE INDEX ON settings_t (a);
SET application_name = 'pg_restored';
CREATE INDEX ON settings_t (a);
SET application_name = 'my, app';
CREATE INDEX ON settings_t (a);
SET application_name = 'Migrator 12';
CREATE INDEX ON settings_t (a);
SET application_name = 'migrator 12';
CREATE INDEX ON settings_t (a);
SET pg_safe_index.exempt_applications = psql, flyway;
SHOW pg_safe_index.exempt_applications;
SET application_name = 'flyway';
CREATE INDEX ON settings_t (a);
RESET pg_safe_index.exempt_applications;
CREATE INDEX ON settings_t (a);
RESET application_name;

-- small tables: 8 kB blocks
INSERT INTO settings_t SELECT generate_series(1, 1000);
SELECT pg_relation_size('settings_t');
SET pg_safe_index.min_table_size = '40kB';
CREATE INDEX ON settings_t (a);
SET pg_safe_index.min_table_size = '41kB';
CREATE INDEX ON settings_t (a);
SET pg_safe_index.min_table_size = 0;
CREATE INDEX ON settings_t (a);
RESET pg_safe_index.min_table_size;

DROP TABLE settings_t;
DROP FUNCTION settings_off();

-- operations
\set VERBOSITY default
SET pg_safe_index.operations = 'create_index, drop_indexes';
SET pg_safe_index.operations = 'create_index,';
SET pg_safe_index.operations = 'create_index drop_index';
SET pg_safe_index.operations = '"Drop_Index"';
SET pg_safe_index.operations = ' Drop_Index ,"reindex"';
SHOW pg_safe_index.operations;
CREATE TABLE settings_o (a int);
CREATE INDEX settings_o_a ON settings_o (a);
\set VERBOSITY terse
DROP INDEX settings_o_a;
REINDEX TABLE settings_o;
SET pg_safe_index.operations = create_index, drop_index;
REINDEX TABLE settings_o;
CREATE INDEX ON settings_o (a);
SET pg_safe_index.operations = '';
DROP INDEX settings_o_a;
RESET pg_safe_index.operations;
DROP TABLE settings_o;

-- help: the last line of every hint, with a verdict on the lock and on an index that would be skipped
\set VERBOSITY default
CREATE TABLE settings_h (a int);
INSERT INTO settings_h VALUES (1), (1);
CREATE UNIQUE INDEX CONCURRENTLY settings_h_a ON settings_h (a);
SET pg_safe_index.help = 'Ask #database, 100% of the time.';
CREATE INDEX ON settings_h (a);
SET pg_safe_index.mode = warn;
CREATE INDEX settings_h_b ON settings_h (a);
SET pg_safe_index.mode = rewrite;
ALTER TABLE settings_h ADD EXCLUDE (a WITH =);
RESET pg_safe_index.mode;
CREATE INDEX CONCURRENTLY IF NOT EXISTS settings_h_a ON settings_h (a);
SET pg_safe_index.help = '';
CREATE INDEX ON settings_h (a);
RESET pg_safe_index.help;
SHOW pg_safe_index.help;
CREATE ROLE regress_psi_helped;
SET ROLE regress_psi_helped;
SET pg_safe_index.help = 'mine';
RESET ROLE;
DROP ROLE regress_psi_helped;
SET pg_safe_index.mode = off;
DROP TABLE settings_h;
RESET pg_safe_index.mode;
