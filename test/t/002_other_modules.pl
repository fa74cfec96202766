# Proves: the guard keeps the manners of a hook. With pg_stat_statements and pgaudit, in every order of loading,
# a refused command is refused and not counted as executed, and one that runs is recorded once by each with the
# text that the client sent.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my ($libdir) = run_command([ 'pg_config', '--pkglibdir' ]);
my @others = ('pg_stat_statements');
push @others, 'pgaudit' if -e "$libdir/pgaudit.so";
SKIP:
{
	skip 'pgaudit is not installed', 1 if @others < 2;
	pass('pgaudit is installed');
}

my $node = guarded_node('modules', start => 0, settings => q{
pg_stat_statements.track = all
pgaudit.log = 'ddl'
pgaudit.log_level = log
});

my @orders = (
	[ @others, 'pg_safe_index' ],
	[ 'pg_safe_index', @others ],
	[ 'pg_stat_statements', 'pg_safe_index', @others[ 1 .. $#others ] ]);

my $number = 0;
for my $order (@orders)
{
	my $libraries = join(', ', @$order);
	$number++;
	$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "'$libraries'");
	if ($number == 1) { $node->start; } else { $node->restart; }
	$node->safe_psql('postgres', 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
	$node->safe_psql('postgres', 'CREATE EXTENSION IF NOT EXISTS pgaudit') if @others > 1;
	$node->safe_psql('postgres', 'DROP TABLE IF EXISTS t; CREATE TABLE t (a int)');
	$node->safe_psql('postgres', 'SELECT pg_stat_statements_reset()');

	# The log from here on.
	my $offset = -s $node->logfile;
	my ($out, $err);
	$node->psql('postgres', 'CREATE INDEX refused_i ON t (a)', stderr => \$err);
	like($err, qr/would block writes to table "t"/, "$libraries: refused");
	$node->psql('postgres', 'SET pg_safe_index.mode = warn; CREATE INDEX warned_i ON t (a)', stderr => \$err);
	like($err, qr/WARNING:  CREATE INDEX without/, "$libraries: warned");
	$node->safe_psql('postgres', 'CREATE INDEX CONCURRENTLY concurrent_i ON t (a)');
	$node->safe_psql('postgres', 'CREATE TABLE n (a int, b int); DROP TABLE n');

	my $seen = $node->safe_psql('postgres', q{
		SELECT query || ': ' || calls FROM pg_stat_statements WHERE query LIKE 'CREATE INDEX%' ORDER BY query COLLATE "C"});
	is( $seen,
		"CREATE INDEX CONCURRENTLY concurrent_i ON t (a): 1\nCREATE INDEX warned_i ON t (a): 1",
		"$libraries: pg_stat_statements counts what ran, once");
	is( $node->safe_psql('postgres', q{SELECT string_agg(indexrelid::regclass::text, ' ' ORDER BY indexrelid::regclass::text)
			FROM pg_index WHERE indrelid = 't'::regclass}),
		'concurrent_i warned_i', "$libraries: what ran was built");

	next if @others < 2;
	my $log = slurp_file($node->logfile, $offset);
	my @audited = $log =~ /AUDIT: SESSION,.*,CREATE INDEX,.*?,(CREATE INDEX \w+ \w+)/g;
	is(scalar(grep { /warned_i/ } @audited), 1, "$libraries: pgaudit records what was warned about, once");
	is(scalar(grep { /CONCURRENTLY/ } @audited), 1, "$libraries: pgaudit records the concurrent one, once");
}

$node->stop;
done_testing();
