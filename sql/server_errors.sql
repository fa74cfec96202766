-- Proves: what PostgreSQL refuses at once gets PostgreSQL's own error, word for word: the same as in mode off.
\set VERBOSITY terse
CREATE SCHEMA psi_err;
SET search_path = psi_err;
SET pg_safe_index.mode = off;
CREATE TABLE t (a int, b int, j json);
CREATE INDEX t_plain ON t (b);
CREATE UNIQUE INDEX t_unique ON t (a, b);
CREATE TABLE g (a point);
CREATE TABLE keyed (a int PRIMARY KEY, b int);
CREATE UNIQUE INDEX keyed_b ON keyed (b);
CREATE TABLE p (k int, v int) PARTITION BY RANGE (k);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE e (k int, v int) PARTITION BY RANGE ((k + 1));
CREATE TABLE e_1 PARTITION OF e FOR VALUES FROM (0) TO (10);
CREATE VIEW v AS SELECT a, b FROM t;
CREATE FUNCTION half(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 2';
CREATE FUNCTION third(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 3';
ALTER EXTENSION plpgsql ADD FUNCTION third(int);
CREATE INDEX t_half ON t (half(a));
CREATE INDEX t_third ON t (third(a));
CREATE TABLE parent (k int PRIMARY KEY, v text) PARTITION BY RANGE (k);
CREATE TABLE nullable (k int, v text);
CREATE TABLE part (k int NOT NULL, v text);
RESET pg_safe_index.mode;

CREATE FUNCTION tried(command text, mode text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM set_config('pg_safe_index.mode', mode, true);
	EXECUTE command;
	RAISE EXCEPTION 'it runs';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ' ' || SQLERRM || CASE WHEN detail ~ '^When the command was checked' THEN ' (too late)' ELSE '' END;
END $$;
CREATE FUNCTION said(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	off text := tried(command, 'off');
	error text := tried(command, 'error');
BEGIN
	RETURN CASE
		WHEN off <> error AND error ~ '^55000 .* would block.*"$' THEN 'refused'
		WHEN off <> error THEN format('%s; %s', off, error)
		WHEN off ~ 'it runs$' THEN 'runs'
		ELSE 'PostgreSQL''s own error'
	END;
END $$;

SELECT command, said(command) FROM (VALUES
	-- the partition key is not included
	(1, $$CREATE UNIQUE INDEX ON p (v)$$),
	(2, $$CREATE UNIQUE INDEX ON p (v) INCLUDE (k)$$),
	(3, $$CREATE UNIQUE INDEX ON e (k)$$),
	(4, $$ALTER TABLE p ADD UNIQUE (v)$$),
	(5, $$ALTER TABLE p ADD PRIMARY KEY (v)$$),
	(6, $$ALTER TABLE p ADD COLUMN z int UNIQUE$$),
	(7, $$ALTER TABLE e ADD UNIQUE (k)$$),
	-- ... or it is
	(8, $$CREATE UNIQUE INDEX ON p (v, k)$$),
	(9, $$ALTER TABLE p ADD UNIQUE (k, v)$$),
	(10, $$CREATE INDEX ON p (v)$$),
	-- the wrong word after ALTER
	(11, $$ALTER VIEW t ADD UNIQUE (a)$$),
	(12, $$ALTER MATERIALIZED VIEW t ADD UNIQUE (a)$$),
	(13, $$ALTER SEQUENCE t ADD UNIQUE (a)$$),
	(14, $$ALTER INDEX t ADD UNIQUE (a)$$),
	(15, $$ALTER FOREIGN TABLE t ADD UNIQUE (a)$$),
	(16, $$ALTER VIEW t_plain SET TABLESPACE pg_default$$),
	(17, $$ALTER TABLE v ADD UNIQUE (a)$$),
	-- twice the same, no such column
	(18, $$ALTER TABLE t ADD UNIQUE (a, a)$$),
	(19, $$ALTER TABLE t ADD PRIMARY KEY (a, b, a)$$),
	(20, $$ALTER TABLE t ADD UNIQUE (nothing)$$),
	-- names that are taken
	(21, $$ALTER TABLE t ADD CONSTRAINT t_plain UNIQUE (a)$$),
	(22, $$CREATE INDEX t_plain ON t (a)$$),
	(23, $$CREATE INDEX v ON t (a)$$),
	-- what cannot be indexed
	(24, $$ALTER TABLE t ADD UNIQUE (j)$$),
	(25, $$ALTER TABLE t ADD EXCLUDE USING gist (a WITH =)$$),
	(26, $$ALTER TABLE t ADD EXCLUDE USING nothing (a WITH =)$$),
	(27, $$CREATE INDEX ON t (j)$$),
	(28, $$CREATE INDEX ON t USING nothing (a)$$),
	(29, $$CREATE INDEX ON t (a nothing)$$),
	(30, $$CREATE INDEX ON t (a) TABLESPACE nothing$$),
	(31, $$CREATE INDEX ON t (ctid)$$),
	-- an old name of gist
	(34, $$CREATE INDEX ON g USING rtree (a)$$),
	-- a partition whose column may be null
	(32, $$ALTER TABLE parent ATTACH PARTITION nullable FOR VALUES FROM (0) TO (10)$$),
	(33, $$ALTER TABLE parent ATTACH PARTITION part FOR VALUES FROM (0) TO (10)$$),
	-- a name that is taken on a partitioned table, or by USING INDEX; a second primary key by USING INDEX
	(35, $$ALTER TABLE p ADD CONSTRAINT t_plain UNIQUE (k)$$),
	(36, $$ALTER TABLE t ADD CONSTRAINT t_plain PRIMARY KEY USING INDEX t_unique$$),
	(37, $$ALTER TABLE keyed ADD PRIMARY KEY USING INDEX keyed_b$$),
	(38, $$ALTER TABLE t ADD PRIMARY KEY USING INDEX t_unique$$),
	-- EXCLUDE on a column that does not exist
	(39, $$ALTER TABLE t ADD EXCLUDE USING btree (nothing WITH =)$$),
	-- a column in parentheses is that column
	(40, $$CREATE UNIQUE INDEX ON p ((k))$$),
	(42, $$CREATE UNIQUE INDEX ON p ((k::int))$$),
	(43, $$CREATE UNIQUE INDEX ON p ((k + 1))$$),
	-- the type that a column will have
	(44, $$ALTER TABLE t ALTER COLUMN j TYPE text, ADD UNIQUE (j)$$),
	(45, $$ALTER TABLE t DROP COLUMN j, ADD COLUMN j int, ADD UNIQUE (j)$$),
	(46, $$ALTER TABLE t ALTER COLUMN j TYPE text, ADD EXCLUDE USING btree (j WITH =)$$),
	-- a tablespace that is missing
	(47, $$REINDEX (TABLESPACE nothing) TABLE t$$),
	(48, $$REINDEX (TABLESPACE pg_default) TABLE t$$),
	-- a name that is missing beside one that is not, what belongs to an extension
	(49, $$DROP FUNCTION half(int), nothing(int) CASCADE$$),
	(50, $$DROP FUNCTION IF EXISTS half(int), nothing(int) CASCADE$$),
	(51, $$DROP FUNCTION third(int) CASCADE$$)
) AS c (number, command) ORDER BY number;

-- ... nor does mode rewrite build anything for it.
SET pg_safe_index.mode = rewrite;
\set VERBOSITY sqlstate
ALTER TABLE parent ATTACH PARTITION nullable FOR VALUES FROM (0) TO (10);
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'nullable'::regclass;
RESET pg_safe_index.mode;
\set VERBOSITY terse
ALTER EXTENSION plpgsql DROP FUNCTION third(int);
DROP SCHEMA psi_err CASCADE;
