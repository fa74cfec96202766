# Proves: mode rewrite works whatever way a command takes to the server, and refuses where the way puts it into a
# transaction: simple, extended and prepared protocol, pipelines, psql -1, -c 'a; b', \gexec, AUTOCOMMIT off, pgbouncer
# in session and transaction pooling; and what runs is what pg_stat_statements, pgaudit and event triggers record.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my ($libdir) = run_command([ 'pg_config', '--pkglibdir' ]);
my $pgaudit = -e "$libdir/pgaudit.so";
my ($pgbouncer) = grep { -x $_ } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin';

my $node = guarded_node('clients', libraries => 'pg_stat_statements, ' . ($pgaudit ? 'pgaudit, ' : '') . 'pg_safe_index', settings => q{
pg_safe_index.mode = rewrite
pg_stat_statements.track = all
pgaudit.log = 'ddl'
pgaudit.log_level = log
autovacuum = off
});
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_stat_statements;
	CREATE TABLE t (a int NOT NULL);
	CREATE TABLE p (a int NOT NULL) PARTITION BY RANGE (a);
	CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
	CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (20);
});
$node->safe_psql('postgres', 'CREATE EXTENSION pgaudit') if $pgaudit;

sub indexes
{
	return $node->safe_psql('postgres', q{SELECT coalesce(string_agg(indexrelid::regclass || CASE WHEN indisvalid THEN '' ELSE '!' END,
		' ' ORDER BY indexrelid::regclass::text COLLATE "C"), '') FROM pg_index WHERE indrelid IN ('t'::regclass, 'p'::regclass, 'p_1'::regclass, 'p_2'::regclass)});
}

sub clean_up { $node->safe_psql('postgres', q{SET client_min_messages = error; SET pg_safe_index.mode = off;
	ALTER TABLE p DROP CONSTRAINT IF EXISTS p_pkey; DROP INDEX IF EXISTS t_a, p_a}); }

sub bench
{
	my ($protocol, $script, %opt) = @_;
	my $file = $node->basedir . '/script.sql';
	unlink $file;
	append_to_file($file, $script);
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run([ 'pgbench', '-n', '-M', $protocol, '-t', $opt{times} // 1, '-f', $file,
		'-d', $opt{connstr} // $node->connstr('postgres') ], '>', \$out, '2>', \$err);
	return ($ok, $err);
}

my $instead = qr/the safe form is run instead/;
my $refused = qr/ERROR:  CREATE INDEX without CONCURRENTLY would block writes.*cannot run inside a transaction block/s;

for my $protocol (qw(simple extended prepared))
{
	my ($ok, $said) = bench($protocol, "CREATE INDEX t_a ON t (a);\nREINDEX TABLE t;\nDROP INDEX t_a;\n", times => 3);
	ok($ok, "$protocol: a table, three times") or diag($said);
	is(() = $said =~ /$instead/g, 9, "$protocol: a notice each");
	($ok, $said) = bench($protocol, "CREATE INDEX p_a ON p (a);\nALTER TABLE p ADD PRIMARY KEY (a);\n");
	ok($ok, "$protocol: a partitioned table") or diag($said);
	is(indexes(), 'p_1_a_idx p_1_pkey p_2_a_idx p_2_pkey p_a p_pkey', "$protocol: all are there");
	clean_up();
	($ok, $said) = bench($protocol, "BEGIN;\nCREATE INDEX t_a ON t (a);\nEND;\n");
	like($said, $refused, "$protocol: refused in a block");
}
my ($ok, $said) = bench('extended', "\\startpipeline\nCREATE INDEX t_a ON t (a);\nSELECT 1;\n\\endpipeline\n");
like($said, $instead, 'pipeline: the first command');
is(indexes(), 't_a', 'pipeline: it is there');
clean_up();
($ok, $said) = bench('extended', "\\startpipeline\nSELECT 1;\nCREATE INDEX t_a ON t (a);\n\\endpipeline\n");
like($said, qr/ERROR:  CREATE INDEX without/, 'pipeline: refused after another one');
is(indexes(), '', 'pipeline: nothing was built');

sub psql
{
	my ($in, @options) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), @options ], '<', \$in, '>', \$out, '2>', \$err);
	return $err;
}
like(psql('', '-c', 'CREATE INDEX t_a ON t (a)'), $instead, 'psql -c: one command');
clean_up();
like(psql('', '-c', 'SELECT 1; CREATE INDEX t_a ON t (a)'), $refused, "psql -c 'a; b': refused");
like(psql('', '-c', 'SELECT 1', '-c', 'CREATE INDEX t_a ON t (a)'), $instead, 'psql -c a -c b');
clean_up();
like(psql("CREATE INDEX t_a ON t (a);\n", '-1', '-f', '-'), $refused, 'psql -1: refused');
like(psql("SELECT 1 \\; CREATE INDEX t_a ON t (a);\n"), $refused, 'psql, \;: refused');
like(psql("\\set AUTOCOMMIT off\nCREATE INDEX t_a ON t (a);\n"), $refused, 'psql, AUTOCOMMIT off: refused');
is(indexes(), '', 'nothing was built');
like(psql("SELECT 'CREATE INDEX t_a ON t (a)' \\gexec\n"), $instead, 'psql, \gexec');
is(indexes(), 't_a', '\gexec: it is there');
clean_up();
# A string with one statement, comments and an empty one is not several.
like(psql('', '-c', '/* one */ CREATE INDEX t_a ON t (a); -- and no more'), $instead, 'psql -c: a comment behind it');
clean_up();
# serializable, and read only by default
{
	local $ENV{PGOPTIONS} = '-c default_transaction_isolation=serializable';
	is(psql("SET client_min_messages = warning;\nCREATE INDEX p_a ON p (a);\nDROP INDEX IF EXISTS t_a;\n"), '', 'serializable');
	is(indexes(), 'p_1_a_idx p_2_a_idx p_a', 'serializable: it is there');
	clean_up();
	$ENV{PGOPTIONS} = '-c default_transaction_read_only=on';
	like(psql("CREATE INDEX p_a ON p (a);\n"), qr/ERROR:  cannot execute CREATE INDEX in a read-only transaction/, 'read only: the error of the server');
}

# What is recorded.
$node->safe_psql('postgres', q{
	CREATE TABLE events (n serial, tag text, what text);
	CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
		INSERT INTO events (tag, what) SELECT command_tag, object_identity FROM pg_event_trigger_ddl_commands(); END $$;
	CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION note();
	SELECT pg_stat_statements_reset()});
my $offset = -s $node->logfile;
psql("CREATE INDEX t_a ON t (a);\nCREATE INDEX p_a ON p (a);\nDROP INDEX t_a;\n");
is($node->safe_psql('postgres', q{SELECT query FROM pg_stat_statements WHERE query ~ '^(CREATE|ALTER|DROP) INDEX' ORDER BY query COLLATE "C"}),
	q{ALTER INDEX public.p_a ATTACH PARTITION public.p_1_a_idx
ALTER INDEX public.p_a ATTACH PARTITION public.p_2_a_idx
CREATE INDEX CONCURRENTLY p_1_a_idx ON public.p_1 (a)
CREATE INDEX CONCURRENTLY p_2_a_idx ON public.p_2 (a)
CREATE INDEX CONCURRENTLY t_a ON t (a)
CREATE INDEX p_a ON ONLY public.p (a)
DROP INDEX CONCURRENTLY t_a}, 'pg_stat_statements has what ran');
is($node->safe_psql('postgres', q{SELECT tag || ' ' || what FROM events ORDER BY n}),
	join("\n", 'CREATE INDEX public.t_a', 'CREATE INDEX public.p_a', 'CREATE INDEX public.p_1_a_idx', 'ALTER INDEX public.p_a',
		'CREATE INDEX public.p_2_a_idx', 'ALTER INDEX public.p_a'), 'event triggers, too');
SKIP:
{
	skip 'pgaudit is not installed', 1 unless $pgaudit;
	my @audited = slurp_file($node->logfile, $offset) =~ /AUDIT: SESSION,.*?,((?:CREATE|ALTER|DROP) INDEX \w.*?),<not logged>/g;
	s/.*,//, s/;$// for @audited;
	is_deeply([ grep { /INDEX/ } @audited ], [
		'CREATE INDEX CONCURRENTLY t_a ON t (a)', 'CREATE INDEX p_a ON ONLY public.p (a)',
		'CREATE INDEX CONCURRENTLY p_1_a_idx ON public.p_1 (a)', 'ALTER INDEX public.p_a ATTACH PARTITION public.p_1_a_idx',
		'CREATE INDEX CONCURRENTLY p_2_a_idx ON public.p_2 (a)', 'ALTER INDEX public.p_a ATTACH PARTITION public.p_2_a_idx',
		'DROP INDEX CONCURRENTLY t_a' ], 'pgaudit, too');
}
$node->safe_psql('postgres', 'DROP EVENT TRIGGER note');
# A failed build whose leftover is dropped, with them in the chain.
$node->safe_psql('postgres', 'INSERT INTO t VALUES (1), (1)');
like(psql("CREATE UNIQUE INDEX t_u ON t (a);\n"), qr/ERROR:  could not create unique index.*"t_u", which the failed command left behind, was dropped/s,
	'a failed build is dropped with other modules in the chain');
$node->safe_psql('postgres', 'TRUNCATE t');
clean_up();

# The other way round they see what the client sent; nothing breaks.
$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', $pgaudit ? "'pg_safe_index, pg_stat_statements, pgaudit'" : "'pg_safe_index, pg_stat_statements'");
$node->restart;
is(psql("SET client_min_messages = warning;\nCREATE INDEX t_a ON t (a);\nCREATE INDEX p_a ON p (a);\nDROP INDEX t_a;\n"), '', 'loaded before the others');
is(indexes(), 'p_1_a_idx p_2_a_idx p_a', 'loaded before the others: it works');
clean_up();

SKIP:
{
	skip 'pgbouncer is not installed', 8 unless $pgbouncer;
	my $dir = PostgreSQL::Test::Utils::tempdir_short();
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	for my $pooling (qw(session transaction))
	{
		my $ini = "$dir/$pooling.ini";
		# auth_type any wants to be told as whom to ask the server.
		append_to_file($ini, "[databases]\npostgres = host=" . $node->host . ' port=' . $node->port . " user=postgres\n[pgbouncer]\n"
			. "unix_socket_dir = $dir\nlisten_port = $port\nlisten_addr =\nauth_type = any\n"
			. "pool_mode = $pooling\nlogfile = $dir/log\npidfile = $dir/pid\n"
			. "ignore_startup_parameters = extra_float_digits\n");
		system_or_bail($pgbouncer, '-d', '-q', $ini);
		# It goes into the background before it listens.
		for (1 .. 300) { last if -S "$dir/.s.PGSQL.$port"; select(undef, undef, undef, 0.1) }
		my $connstr = "host=$dir port=$port dbname=postgres";
		for my $protocol (qw(simple extended))
		{
			my ($ok, $said) = bench($protocol, "CREATE INDEX t_a ON t (a);\nCREATE INDEX p_a ON p (a);\nDROP INDEX t_a;\n", connstr => $connstr);
			ok($ok, "pgbouncer, $pooling pooling, $protocol protocol") or diag($said);
			is(indexes(), 'p_1_a_idx p_2_a_idx p_a', '... it is there');
			clean_up();
		}
		my ($pid) = slurp_file("$dir/pid") =~ /(\d+)/;
		kill 'TERM', $pid;
		for (1 .. 300) { last unless kill 0, $pid; select(undef, undef, undef, 0.1) }
	}
}
unlike(slurp_file($node->logfile), qr/still active|not closed|leaked|PANIC|TRAP|XX000/, 'nothing in the log');

$node->stop;
done_testing();
