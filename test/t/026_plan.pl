# Proves: the commands that pg_safe_index_plan() returns, sent with \gexec, leave the same catalogs as the command does on a twin
# table with the mode off, and none of them is refused. The function neither waits for a lock nor keeps one, works on a standby and
# without shared_preload_libraries, and a plan that failed half way can be made again.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;
use Twins;

my $node = guarded_node('plan', settings => q{
allow_in_place_tablespaces = on
}, init => [ allows_streaming => 1 ]);
$node->safe_psql('postgres', q{CREATE EXTENSION pg_safe_index; CREATE TABLESPACE other LOCATION ''});

sub plan_of
{
	my ($command) = @_;
	return "SELECT public.pg_safe_index_plan(\$psi\$$command\$psi\$)";
}

# Those for which the plain command of a partitioned index needs no rewrite: DROP INDEX.
for my $command (@commands, 'DROP INDEX p_of_all', 'DROP INDEX i_1, p_of_all, i_1')
{
	(my $name = $command) =~ s/\s+/ /g;
	(my $guarded = $command) =~ s/%SCHEMA%/guarded/;
	(my $twin = $command) =~ s/%SCHEMA%/twin/;
	make_twins($node);
	$node->safe_psql('postgres', "SET client_min_messages = error; SET pg_safe_index.mode = off; SET search_path = $_; CREATE INDEX p_of_all ON p (c)")
	  for 'guarded', 'twin';
	my $before = catalog_of($node, 'guarded');
	my $files = files_of($node, 'guarded');
	my $plan = $node->safe_psql('postgres', "SET search_path = guarded; " . plan_of($guarded));
	same_catalog(catalog_of($node, 'guarded'), $before, "executes nothing: $name");

	my ($code, $out, $err) = $node->psql('postgres', "SET search_path = guarded;\n" . plan_of($guarded) . " \\gexec", on_error_stop => 1);
	$err =~ s/^.*(?:INFO|DETAIL|NOTICE):  .*\n?//mg; # of VERBOSE, of IF NOT EXISTS
	is($err, '', "runs: $name") or diag($plan);
	$node->safe_psql('postgres', "SET client_min_messages = error; SET pg_safe_index.mode = off; SET search_path = twin;
		$twin\n;");
	my $after = catalog_of($node, 'twin');
	if ($command =~ /^reindex/i) { isnt(files_of($node, 'guarded'), $files, "does something: $name"); }
	else { isnt($after, $before, "does something: $name"); }
	same_catalog(catalog_of($node, 'guarded'), $after, "the same catalogs: $name") or diag($plan);
}

# Nothing is left of what a plan sets for the session.
is( $node->safe_psql('postgres', "SET search_path = guarded; SELECT public.pg_safe_index_plan('CREATE INDEX ON p (b)') \\gexec
		SELECT current_setting('lock_timeout'), current_setting('pg_safe_index.mode')"),
	'0|error', 'the settings of the session are as before');

# More leaves than a hint shows, with names that are all truncated to the same one.
$node->safe_psql('postgres', q{SET pg_safe_index.mode = off;
	CREATE SCHEMA many; SET search_path = many; CREATE TABLE p (a int, b int) PARTITION BY LIST (a);
	SELECT format('CREATE TABLE %s PARTITION OF p FOR VALUES IN (%s)', repeat('x', 60) || n, n) FROM generate_series(10, 99) n \gexec});
my ($code, $out, $err) = $node->psql('postgres', q{SET search_path = many, public;
	SELECT pg_safe_index_plan('CREATE INDEX i ON p (b)') \gexec
	SELECT pg_safe_index_plan('ALTER TABLE p ADD UNIQUE (a, b)') \gexec
	SELECT count(*), bool_and(indisvalid) FROM pg_partition_tree('i') JOIN pg_index ON indexrelid = relid;
	SELECT count(*), bool_and(indisvalid) FROM pg_partition_tree('p_a_b_key') JOIN pg_index ON indexrelid = relid},
	on_error_stop => 1);
is($err, '', '90 leaves: no error');
is($out, "91|t\n91|t", '... and all of them have both indexes');

# A command of a plan fails, and the plan is made again. The twins are those of the last command.
make_twins($node);
($code, $out, $err) = $node->psql('postgres', q{SET search_path = guarded, public;
	INSERT INTO o_1 SELECT 1, 1 FROM generate_series(1, 2);
	SELECT pg_safe_index_plan('CREATE UNIQUE INDEX IF NOT EXISTS o_u ON o (a, b)') \gexec}, on_error_stop => 1);
like($err, qr/could not create unique index "o_1_a_b_idx"/, 'a plan that fails half way');
($code, $out, $err) = $node->psql('postgres', q{SET search_path = guarded, public;
	DELETE FROM o_1 WHERE ctid <> (SELECT min(ctid) FROM o_1);
	DROP INDEX CONCURRENTLY o_1_a_b_idx;
	SELECT pg_safe_index_plan('CREATE UNIQUE INDEX IF NOT EXISTS o_u ON o (a, b)') \gexec
	SELECT count(*), bool_and(indisvalid) FROM pg_partition_tree('o_u') JOIN pg_index ON indexrelid = relid}, on_error_stop => 1);
is("$err$out", '4|t', '... made again, it completes what is there');

# Behind the locks of others. The commands of partitions need a look at the table.
my $locker = Session->new($node);
$locker->run('BEGIN; LOCK TABLE guarded.t, guarded.p IN ACCESS EXCLUSIVE MODE;');
is( $node->safe_psql('postgres', q{
		SET statement_timeout = '60s'; SET search_path = guarded, public;
		BEGIN READ ONLY;
		SELECT pg_safe_index_plan('CREATE INDEX new ON t (a)');
		SELECT pg_safe_index_plan('DROP INDEX i_1');
		SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 't'::regclass;
		COMMIT}),
	"CREATE INDEX CONCURRENTLY new ON t (a);\nDROP INDEX CONCURRENTLY i_1;\n0", 'behind a lock: waits for none, keeps none');
($code, $out, $err) = $node->psql('postgres', "SET statement_timeout = '60s'; SET search_path = guarded, public; " . plan_of('CREATE INDEX new ON p (b)'));
like($err, qr/DETAIL:  [^\n]*while another session has locked the table: send the command again later\./, '... or says that it cannot look');
$locker->run('ROLLBACK;');
$locker->quit;

# On a standby, and without shared_preload_libraries.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
my $small = 'SET search_path = guarded, public; ' . plan_of('CREATE INDEX ON t (a)');
is($standby->safe_psql('postgres', $small), 'CREATE INDEX CONCURRENTLY ON t (a);', 'on a standby');
$standby->stop;
$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
$node->restart;
is($node->safe_psql('postgres', $small), 'CREATE INDEX CONCURRENTLY ON t (a);', 'without shared_preload_libraries');

$node->stop;
done_testing();
