# Tables, the commands on them that are violations, and what to compare when a command has run in one of two
# schemas that are twins, and something else in the other.
package Twins;
use strict;
use warnings;
use Exporter 'import';
use Test::More;

our @EXPORT = qw($tables @commands make_twins catalog_of files_of same_catalog);

my $long = 'x' x 60;
our $tables = qq{
	CREATE TABLE t (a int, b text, "C c" text, d int[], e timestamptz, f point, "select" int);
	INSERT INTO t SELECT n, 'b' || n, 'c' || n, ARRAY[n], now(), point(n, n), n FROM generate_series(1, 100) n;
	CREATE UNLOGGED TABLE u (a int, b text);
	CREATE MATERIALIZED VIEW m AS SELECT a, b FROM t;
	CREATE TABLE "Q ""q""" ("x;y" int, "CREATE" text);
	CREATE TABLE inherited () INHERITS (t);
	CREATE TABLE p (a int, b text, c int) PARTITION BY RANGE (a);
	CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
	CREATE TABLE "P 2" (c int, b text, gone int, a int);
	ALTER TABLE "P 2" DROP COLUMN gone;
	ALTER TABLE p ATTACH PARTITION "P 2" FOR VALUES FROM (10) TO (20);
	CREATE TABLE p_3 PARTITION OF p FOR VALUES FROM (20) TO (30) PARTITION BY LIST (c);
	CREATE TABLE p_3_1 PARTITION OF p_3 FOR VALUES IN (1);
	CREATE TABLE p_3_2 PARTITION OF p_3 DEFAULT PARTITION BY HASH (a);
	CREATE TABLE p_3_2_0 PARTITION OF p_3_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	CREATE TABLE p_3_2_1 PARTITION OF p_3_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
	CREATE TABLE p_4 PARTITION OF p FOR VALUES FROM (30) TO (40) PARTITION BY LIST (c);
	INSERT INTO p SELECT n, 'b' || n, n % 3 FROM generate_series(1, 29) n;
	CREATE TABLE l (a int, b int) PARTITION BY RANGE (a);
	CREATE TABLE ${long}1 PARTITION OF l FOR VALUES FROM (0) TO (10);
	CREATE TABLE ${long}2 PARTITION OF l FOR VALUES FROM (10) TO (20);
	CREATE TABLE email (id int, email text) PARTITION BY LIST (id);
	CREATE TABLE email_1 PARTITION OF email FOR VALUES IN (1);
	CREATE TABLE n (a int, "B b" int NOT NULL, c text, d int DEFAULT 7);
	INSERT INTO n SELECT g, g, g, g FROM generate_series(1, 100) g;
	CREATE TABLE h (a int CONSTRAINT h_a_is_not_null CHECK (a > 0), b int);
	INSERT INTO h SELECT g, g FROM generate_series(1, 100) g;
	CREATE TABLE one (a int);
	INSERT INTO one VALUES (1);
	CREATE TABLE k (id int NOT NULL, a int CONSTRAINT k_pkey PRIMARY KEY, b int CONSTRAINT k_b_key UNIQUE, c int);
	INSERT INTO k SELECT g, g, g, g FROM generate_series(1, 100) g;
	CREATE UNIQUE INDEX k_i ON k (id);
	CREATE TABLE h_child (a int, b int) INHERITS (h);
	DO \$\$ BEGIN IF current_setting('server_version_num')::int >= 180000 THEN ALTER TABLE h_child ALTER a SET NOT NULL; END IF; END \$\$;
	CREATE TABLE o (a int NOT NULL, b int, c int) PARTITION BY RANGE (a);
	CREATE TABLE o_1 PARTITION OF o FOR VALUES FROM (0) TO (10);
	CREATE TABLE o_2 PARTITION OF o FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (a);
	CREATE TABLE o_2_1 PARTITION OF o_2 FOR VALUES FROM (10) TO (20);
	CREATE TABLE r (a int NOT NULL, b text, c int, d int NOT NULL) PARTITION BY RANGE (a);
	ALTER TABLE r ADD PRIMARY KEY (a), ADD CONSTRAINT "R u" UNIQUE (a, c) INCLUDE (b) DEFERRABLE;
	CREATE INDEX "R lower" ON r USING btree (lower(b) COLLATE "C" text_pattern_ops DESC, (c + d)) WHERE b <> 'it''s';
	CREATE INDEX r_d ON r USING brin (d int4_minmax_multi_ops (values_per_range = 16)) WITH (pages_per_range = 2);
	CREATE TABLE r_1 (d int NOT NULL, gone int, c int, b text, a int NOT NULL);
	ALTER TABLE r_1 DROP COLUMN gone;
	INSERT INTO r_1 SELECT 1, 1, 'b', g FROM generate_series(0, 9) g;
	CREATE TABLE r_2 (a int NOT NULL, b text, c int, d int NOT NULL) PARTITION BY RANGE (a);
	CREATE TABLE r_2_1 PARTITION OF r_2 FOR VALUES FROM (10) TO (15);
	CREATE TABLE r_2_2 PARTITION OF r_2 FOR VALUES FROM (15) TO (20);
	CREATE TABLE r_3 (LIKE r INCLUDING INDEXES);
	DROP INDEX r_3_d_idx;
	CREATE INDEX l_i ON l (b);
	CREATE INDEX i_1 ON t (a);
	CREATE INDEX "I 2" ON t (b);
	CREATE INDEX i_3 ON m (a);
	CREATE UNIQUE INDEX i_4 ON u (a);
	COMMENT ON INDEX i_1 IS 'the first';
	CREATE INDEX i_5 ON t ((a + 1));
	ALTER INDEX i_5 ALTER COLUMN 1 SET STATISTICS 500;
};

# every command is run for a pair of schemas made anew
our @commands = (
	'CREATE INDEX ON t (a)',
	'CREATE INDEX t_a ON t (a)',
	'create unique index t_a on t using btree (a desc nulls last, b)',
	'CREATE INDEX IF NOT EXISTS new ON t (a, a)',
	'CREATE INDEX ON t (lower(b), upper(b), (b || "C c"))',
	'CREATE INDEX ON t (lower(t.b)) WHERE t.a > 10 AND t."C c" IS NOT NULL',
	'CREATE INDEX "Mixed Case" ON t ("C c" COLLATE "C" text_pattern_ops, "select")',
	'CREATE INDEX U&"\0041bc" ON t (a)',
	"CREATE INDEX \"it's\" ON t ((b || \$q\$ ; \$\$ -- \$q\$)) WHERE b <> E'\\'; --'",
	'CREATE UNIQUE INDEX ON t (a) INCLUDE (b, e) NULLS NOT DISTINCT WITH (fillfactor = 80, deduplicate_items = off)',
	'CREATE INDEX ON t USING gin (d array_ops) WITH (fastupdate = off)',
	'CREATE INDEX ON t USING gist (f)',
	'CREATE INDEX ON t USING hash (b) TABLESPACE pg_default',
	'CREATE INDEX ON t USING brin (a int4_minmax_multi_ops (values_per_range = 16), e) WITH (pages_per_range = 4)',
	'CREATE INDEX ON t USING spgist (f quad_point_ops)',
	'CREATE INDEX ON t (date_trunc(\'day\', e AT TIME ZONE \'UTC\'))',
	"CREATE /* CONCURRENTLY */ INDEX -- ON t (b)\n  t_a /* name */ ON -- here\n  t (a) -- ; the end",
	'CREATE INDEX ON ONLY t (a)',
	'CREATE INDEX ON t * (a)',
	'CREATE INDEX ON inherited (a)',
	'CREATE UNIQUE INDEX ON u (a, b)',
	'CREATE INDEX ON m (b)',
	'CREATE INDEX ON "Q ""q""" ("x;y", "CREATE")',
	'CREATE INDEX "on" ON "Q ""q""" (abs("x;y")) WHERE "CREATE" = \'on "Q"\'',
	'CREATE INDEX ON p (b)',
	'CREATE INDEX p_b ON p USING btree (lower(p.b), c DESC) WHERE a > 5',
	"CREATE INDEX \"P b\" ON -- all of them\n  p (b) /* and */ INCLUDE (c)\n  WITH (fillfactor = 70) -- end",
	'CREATE UNIQUE INDEX p_u ON p (a, c)',
	'CREATE INDEX IF NOT EXISTS p_n ON p ((p.a + p.c), (a + c))',
	"CREATE INDEX ON p (coalesce(b, ''), (a::bigint), (c IS NULL) DESC, (CASE c WHEN 1 THEN b END) COLLATE \"C\" text_pattern_ops, "
	  . "substring(b FROM 2), (b COLLATE \"C\" < 'b'), (ARRAY[a]), (c = ANY ('{1,2}')), nullif(a, -1)) "
	  . "INCLUDE (b) WHERE p.a > -1 AND NOT b LIKE 'it''s#%' ESCAPE '#'",
	'CREATE INDEX ON email (lower(email))',
	'CREATE INDEX ON p_3 (b)',
	'CREATE INDEX p_1_b_idx ON p (b)',
	'CREATE INDEX ON p USING hash (c)',
	'CREATE INDEX ON l (b)',
	'CREATE INDEX l_b ON l (abs(b)) TABLESPACE other',
	'DROP INDEX i_1',
	'DROP INDEX i_1, "I 2", i_3',
	'DROP INDEX IF EXISTS nothing, "I 2"',
	'DROP INDEX "I 2" CASCADE',
	'drop/**/index i_4 -- gone',
	'REINDEX TABLE t',
	'REINDEX INDEX "I 2"',
	"reindex (verbose) -- which\n table /* this */ l",
	'REINDEX (CONCURRENTLY false, VERBOSE) INDEX i_3',
	'REINDEX (TABLESPACE other) TABLE t',
	'REINDEX SCHEMA %SCHEMA%',
	'ALTER INDEX i_1 SET TABLESPACE other',
	'ALTER TABLE "I 2" SET TABLESPACE other',
	'ALTER INDEX i_1 SET (fillfactor = 50), SET TABLESPACE other',
	'ALTER TABLE n ADD UNIQUE (a)',
	'ALTER TABLE n ADD UNIQUE (a, "B b") INCLUDE (c)',
	'ALTER TABLE ONLY n ADD CONSTRAINT "N u" UNIQUE NULLS NOT DISTINCT (c) WITH (fillfactor = 70) '
	  . 'USING INDEX TABLESPACE other DEFERRABLE INITIALLY DEFERRED',
	'ALTER TABLE n ADD PRIMARY KEY ("B b")',
	'ALTER TABLE n ADD PRIMARY KEY (a, "B b", c)',
	'ALTER TABLE IF EXISTS n ADD CONSTRAINT pk PRIMARY KEY (a) INCLUDE (c)',
	'ALTER TABLE n ADD COLUMN z int UNIQUE',
	'ALTER TABLE n ADD z text COLLATE "C" CONSTRAINT "Z z" UNIQUE DEFERRABLE INITIALLY DEFERRED CHECK (z <> \'UNIQUE\')',
	'ALTER TABLE n ADD COLUMN z bigserial PRIMARY KEY',
	'ALTER TABLE n ADD COLUMN z int GENERATED ALWAYS AS IDENTITY PRIMARY KEY WITH (fillfactor = 60), ADD COLUMN y int',
	'ALTER TABLE n ADD COLUMN IF NOT EXISTS z int UNIQUE, ADD COLUMN IF NOT EXISTS a int UNIQUE',
	"alter table n -- add unique (d)\n add unique (a), add check (a > 0), /* and */ add constraint u2 unique (c, a),"
	  . " alter d set default 8, add column z int, add unique (z, a)",
	'ALTER TABLE n ADD UNIQUE (a), ADD UNIQUE (a)',
	'ALTER TABLE h ADD PRIMARY KEY (a, b)',
	'ALTER TABLE ONLY h ADD PRIMARY KEY (a)',
	'ALTER TABLE k DROP CONSTRAINT k_pkey, ADD PRIMARY KEY (id)',
	'ALTER TABLE k DROP CONSTRAINT k_b_key, ADD CONSTRAINT k_b_key UNIQUE (b, c) DEFERRABLE, ALTER c SET DEFAULT 3',
	'ALTER TABLE k DROP COLUMN a, DROP CONSTRAINT IF EXISTS k_b_key, ADD PRIMARY KEY (id), ADD UNIQUE (b)',
	'ALTER TABLE k DROP COLUMN b, ADD COLUMN b int UNIQUE',
	'ALTER TABLE k DROP CONSTRAINT k_pkey, ALTER a DROP NOT NULL, ADD PRIMARY KEY (id)',
	'ALTER TABLE k DROP CONSTRAINT k_pkey, ADD PRIMARY KEY USING INDEX k_i, DROP CONSTRAINT k_b_key, ADD UNIQUE (c), '
	  . 'ADD CONSTRAINT k_b_key CHECK (b > 0)',
	'ALTER TABLE k ALTER c SET NOT NULL, ADD UNIQUE (c)',
	'ALTER TABLE one ALTER a SET NOT NULL, ADD PRIMARY KEY (a)',
	'ALTER TABLE one ALTER a SET NOT NULL, ALTER a ADD GENERATED ALWAYS AS IDENTITY, ALTER a SET START 7, ADD PRIMARY KEY (a)',
	'ALTER TABLE one ADD PRIMARY KEY (a), ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES one NOT VALID, VALIDATE CONSTRAINT f, '
	  . 'ADD FOREIGN KEY (a) REFERENCES one NOT VALID, ADD FOREIGN KEY (a) REFERENCES one, REPLICA IDENTITY USING INDEX one_pkey, '
	  . 'CLUSTER ON one_pkey',
	'ALTER TABLE n ADD COLUMN z int UNIQUE UNIQUE',
	'ALTER TABLE one ADD COLUMN p int DEFAULT 5 PRIMARY KEY',
	'ALTER TABLE one ADD p int DEFAULT 5 UNIQUE DEFERRABLE CONSTRAINT "Z z" UNIQUE UNIQUE NULLS NOT DISTINCT PRIMARY KEY',
	'ALTER TABLE n ADD UNIQUE (a), ADD CHECK (a > 0), ADD CONSTRAINT "C c" CHECK (a > d - 1000), '
	  . "ADD CHECK (n.c <> 'x' AND c IS NOT NULL), ADD FOREIGN KEY (a) REFERENCES n (a) DEFERRABLE, ADD CHECK (a > 0 OR d > 0)",
	'ALTER TABLE o ADD UNIQUE (a), ADD CHECK (a >= 0)',
	'ALTER TABLE o ADD PRIMARY KEY (a)',
	'ALTER TABLE o ADD PRIMARY KEY (a, b)',
	'ALTER TABLE o ADD CONSTRAINT "O u" UNIQUE (a, c) INCLUDE (b) WITH (fillfactor = 70) DEFERRABLE',
	'ALTER TABLE o ADD UNIQUE (a), ALTER b SET DEFAULT 3',
	'ALTER TABLE o_2 ADD UNIQUE (a)',
	'ALTER TABLE r ATTACH PARTITION r_1 FOR VALUES FROM (0) TO (10)',
	'ALTER TABLE r ATTACH PARTITION r_2 FOR VALUES FROM (10) TO (20)',
	"alter table r -- here\n attach partition r_3 default /* ! */",
);

# What a schema's indexes, constraints and columns are like, without the schema's name. Not pg_constraint.connoinherit:
# PostgreSQL leaves it true for a constraint of a partition whose index is attached later. Nor conislocal of NOT NULL
# constraints: from 18 on, a partition that gets a primary key of its own first has them from both.
my $catalog = q{
	SELECT replace(d, current_schema || '.', 'S.') FROM (
	SELECT 1 AS kind, c.relname AS name, format('index %s', (pg_get_indexdef(i.indexrelid), i.indisunique,
		   i.indnullsnotdistinct, i.indisprimary, i.indisvalid, i.indisready, i.indislive, i.indimmediate,
		   i.indisreplident, i.indisclustered, c.relkind, c.relpersistence, t.spcname, c.reloptions,
		   c.relowner::regrole, c.relispartition)) AS d
	  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace
	 WHERE c.relnamespace = current_schema::regnamespace
	UNION ALL
	SELECT 2, conname || ' of ' || conrelid::regclass, format('constraint %s', (conname, conrelid::regclass, contype,
		   pg_get_constraintdef(oid), condeferrable, condeferred, convalidated, conindid::regclass, contype <> 'n' AND conislocal,
		   coninhcount, conkey))
	  FROM pg_constraint WHERE connamespace = current_schema::regnamespace
	UNION ALL
	SELECT 3, attname || ' of ' || attrelid::regclass, format('column %s', (attname, attrelid::regclass, atttypid::regtype,
		   attnotnull, atthasdef, attidentity, attcollation::regcollation))
	  FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
	 WHERE attnum > 0 AND NOT attisdropped AND c.relnamespace = current_schema::regnamespace
	   AND c.relkind IN ('r', 'p', 'm')
	UNION ALL
	SELECT 4, inhrelid::regclass::text, format('child %s of %s', inhrelid::regclass, inhparent::regclass)
	  FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE c.relnamespace = current_schema::regnamespace
	UNION ALL
	SELECT 5, pg_describe_object(classid, objid, objsubid), format('%s depends on %s: %s %s',
		   pg_describe_object(classid, objid, objsubid), pg_describe_object(refclassid, refobjid, refobjsubid), deptype, refobjsubid)
	  FROM pg_depend WHERE (classid = 'pg_class'::regclass AND objid IN
		   (SELECT oid FROM pg_class WHERE relkind IN ('i', 'I') AND relnamespace = current_schema::regnamespace))
		OR (classid = 'pg_constraint'::regclass AND objid IN
		   (SELECT oid FROM pg_constraint WHERE connamespace = current_schema::regnamespace))
	UNION ALL
	SELECT 6, c.relname, format('of index %s: comment %s, targets %s', c.relname, obj_description(c.oid, 'pg_class'),
		   (SELECT array_agg(a.attstattarget ORDER BY attnum) FROM pg_attribute a WHERE attrelid = c.oid))
	  FROM pg_class c WHERE relkind IN ('i', 'I') AND relnamespace = current_schema::regnamespace
	) x ORDER BY kind, name COLLATE "C", d COLLATE "C"};

# Makes both anew.
sub make_twins
{
	my ($node) = @_;
	for my $schema ('guarded', 'twin')
	{
		$node->safe_psql('postgres', "SET client_min_messages = error; SET pg_safe_index.mode = off;
			DROP SCHEMA IF EXISTS $schema CASCADE; CREATE SCHEMA $schema; SET search_path = $schema; $tables");
	}
}

sub catalog_of
{
	my ($node, $schema) = @_;
	return $node->safe_psql('postgres', "SET search_path = $schema; $catalog");
}

# The files that the indexes are in: REINDEX changes nothing else.
sub files_of
{
	my ($node, $schema) = @_;
	return $node->safe_psql('postgres', "SELECT string_agg(pg_relation_filenode(c.oid)::text, ' ' ORDER BY c.oid)
		FROM pg_class c WHERE c.relkind = 'i' AND c.relnamespace = '$schema'::regnamespace");
}

# Two catalogs are the same; if not, says where they differ.
sub same_catalog
{
	my ($got, $expected, $name) = @_;
	my %count;
	$count{$_}++ for split /\n/, $got;
	$count{$_}-- for split /\n/, $expected;
	my @differences = grep { $count{$_} } sort keys %count;
	ok(!@differences, $name)
	  or diag(map { ($count{$_} > 0 ? 'has ' : 'lacks ') . "$_\n" } @differences);
	return !@differences;
}

1;
