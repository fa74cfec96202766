# Proves: the commands in a hint, cut out of the error message and run as they stand, succeed and leave the same
# indexes as the refused command does on a twin table with the mode off.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('hints');
$node->init;
$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'pg_safe_index'
allow_in_place_tablespaces = on
});
$node->start;
$node->safe_psql('postgres', q{CREATE TABLESPACE other LOCATION ''});

my $long = 'x' x 60;
my $tables = qq{
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
	CREATE INDEX i_1 ON t (a);
	CREATE INDEX "I 2" ON t (b);
	CREATE INDEX i_3 ON m (a);
	CREATE UNIQUE INDEX i_4 ON u (a);
};

# every command is run for a pair of schemas made anew
my @commands = (
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
	'CREATE INDEX ON p_3 (b)',
	'CREATE INDEX ON p USING hash (c)',
	'CREATE INDEX ON l (b)',
	'CREATE INDEX l_b ON l (abs(b)) TABLESPACE other',
	'DROP INDEX i_1',
	'DROP INDEX i_1, "I 2", i_3',
	'DROP INDEX IF EXISTS nothing, "I 2"',
	'DROP INDEX "I 2" CASCADE',
	'drop/**/index i_4 -- gone',
);

# What a schema's indexes are like, without the schema's name.
my $catalog = q{
	SELECT replace(pg_get_indexdef(i.indexrelid), current_schema, 'S'), i.indisunique, i.indnullsnotdistinct,
		   i.indisvalid, i.indisready, i.indislive, i.indimmediate, i.indisreplident, i.indisclustered,
		   c.relkind, c.relpersistence, c.reltablespace, c.reloptions, c.relowner::regrole, p.relname AS parent,
		   c.relispartition
	  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
	  LEFT JOIN pg_inherits h ON h.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = h.inhparent
	 WHERE c.relnamespace = current_schema::regnamespace ORDER BY c.relname COLLATE "C"};

sub catalog_of { return $node->safe_psql('postgres', "SET search_path = $_[0]; $catalog"); }

for my $command (@commands)
{
	(my $name = $command) =~ s/\s+/ /g;
	for my $schema ('guarded', 'twin')
	{
		$node->safe_psql('postgres', "SET client_min_messages = error; SET pg_safe_index.mode = off;
			DROP SCHEMA IF EXISTS $schema CASCADE; CREATE SCHEMA $schema; SET search_path = $schema; $tables");
	}
	my $before = catalog_of('guarded');
	is($before, catalog_of('twin'), "twins: $name");

	# The command ends with the string, as most drivers send it, or with a semicolon.
	my $err;
	$node->psql('postgres', "SET search_path = guarded;\n$command\n;", stderr => \$err);
	my ($hint) = $err =~ /\nHINT:  (?:Use: |Use, one command at a time:\n)(.*;)\n/s;
	ok($hint, "refused with a hint: $name") or diag($err), next;
	is(catalog_of('guarded'), $before, "nothing has happened yet: $name");

	$node->psql('postgres', "\\set ON_ERROR_STOP 1\nSET search_path = guarded;\n$hint", stderr => \$err);
	is($err, '', "runs: $name") or diag($hint);
	$node->safe_psql('postgres', "SET client_min_messages = error; SET pg_safe_index.mode = off; SET search_path = twin;
		$command\n;");
	my $after = catalog_of('twin');
	isnt($after, $before, "does something: $name");
	is(catalog_of('guarded'), $after, "the same indexes: $name") or diag($hint);
}

# Tables that the search path does not find are named with their schema, all of them.
$node->safe_psql('postgres', "SET client_min_messages = error; SET pg_safe_index.mode = off;
	DROP SCHEMA guarded CASCADE; CREATE SCHEMA guarded; SET search_path = guarded; $tables");
for my $command ('CREATE INDEX hidden ON guarded.t (a)', 'CREATE INDEX ON guarded.p (lower(guarded.p.b))',
	'DROP INDEX guarded.i_1, guarded."I 2"')
{
	my $err;
	$node->psql('postgres', "$command;", stderr => \$err);
	my ($hint) = $err =~ /\nHINT:  (?:Use: |Use, one command at a time:\n)(.*;)\n/s;
	ok($hint, "refused with a hint: $command") or diag($err), next;
	$node->psql('postgres', "\\set ON_ERROR_STOP 1\n$hint", stderr => \$err);
	is($err, '', "runs: $command") or diag($hint);
}
is( $node->safe_psql('postgres', q{SELECT count(*) FROM pg_index WHERE NOT indisvalid}),
	'0', 'no invalid index anywhere');

$node->stop;
done_testing();
