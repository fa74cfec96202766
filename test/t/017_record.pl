# Proves: no count and no violation is lost with 16 clients at once, no row is torn, not even for a reader beside them, the order is
# right; the oldest are overwritten, and counted; both survive a clean restart, start empty after a crash or with a damaged file; who
# may see whose text; upgrade from 1.0, old objects with the new library and new ones without shared memory.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $seconds = $ENV{PSI_SECONDS} // 20;
my $node = guarded_node('record', libraries => '', settings => q{
autovacuum = off
restart_after_crash = on
});
sub query { return $node->safe_psql($_[1] // 'postgres', $_[0]) }
my $version = query("SELECT default_version FROM pg_available_extensions WHERE name = 'pg_safe_index'");

# Without the library in shared_preload_libraries.
query('CREATE EXTENSION pg_safe_index');
for my $what ('TABLE pg_safe_index_stats', 'TABLE pg_safe_index_violations', 'TABLE pg_safe_index_violations_summary',
	'TABLE pg_safe_index_violations_info', 'SELECT pg_safe_index_reset()')
{
	my ($code, $out, $err) = $node->psql('postgres', $what);
	like($err, qr/ERROR:  pg_safe_index must be loaded via "shared_preload_libraries"/, "no shared memory: $what");
}
my ($code, $out, $err) = $node->psql('postgres', "CREATE TABLE t (a int);");
($code, $out, $err) = $node->psql('postgres', "LOAD 'pg_safe_index'; CREATE INDEX ON t (a);");
like($err, qr/would block writes/, 'no shared memory: the guard works');
query('DROP EXTENSION pg_safe_index');

$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'pg_safe_index'
pg_safe_index.max_violations = 50
});
$node->restart;

# 1.0, as it was installed, with this library; then the way up.
query(q{CREATE EXTENSION pg_safe_index VERSION '1.0'});
is(query('SELECT count(*) FROM pg_safe_index_invalid'), '0', '1.0: its view works');
is(query('SELECT pg_safe_index_version()'), $version, '1.0: the library is newer');
query('ALTER EXTENSION pg_safe_index UPDATE');
is(query("SELECT extversion FROM pg_extension WHERE extname = 'pg_safe_index'"), $version, 'updated');
my $updated = query("SELECT pg_describe_object(classid, objid, 0) FROM pg_depend WHERE deptype = 'e'
	AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_safe_index') ORDER BY 1");
query('DROP EXTENSION pg_safe_index; CREATE EXTENSION pg_safe_index');
is(query("SELECT pg_describe_object(classid, objid, 0) FROM pg_depend WHERE deptype = 'e'
	AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_safe_index') ORDER BY 1"), $updated, '... as a new one');

# What is counted as what.
sub counts
{
	return query("SELECT string_agg(concat_ws(' ', operation, checked, passed, warned, refused, rewritten, failed_builds, overridden), ', '
		ORDER BY operation) FROM pg_safe_index_stats WHERE datname = 'postgres' AND (checked > 0 OR failed_builds > 0)");
}
query('SELECT pg_safe_index_reset()');
is(counts(), '', 'after a reset');
$node->psql('postgres', 'CREATE INDEX refused_i ON t (a)');
$node->psql('postgres', 'SET pg_safe_index.mode = off; CREATE INDEX overridden_i ON t (a); DROP INDEX overridden_i');
$node->psql('postgres', 'SET pg_safe_index.mode = warn; CREATE INDEX warned_i ON t (a)');
$node->psql('postgres', 'SET pg_safe_index.mode = rewrite; CREATE INDEX rewritten_i ON t (a)');
$node->psql('postgres', 'CREATE INDEX CONCURRENTLY passed_i ON t (a)');
$node->psql('postgres', 'BEGIN; CREATE TABLE new (a int); CREATE INDEX ON new (a); ROLLBACK');
query('INSERT INTO t VALUES (1), (1)');
$node->psql('postgres', 'CREATE UNIQUE INDEX CONCURRENTLY failed_i ON t (a)');
query('DROP INDEX CONCURRENTLY failed_i');
$node->psql('postgres', 'DROP INDEX warned_i, rewritten_i');
$node->psql('postgres', 'REINDEX TABLE t');
$node->psql('postgres', 'SET pg_safe_index.mode = rewrite; DROP INDEX warned_i, rewritten_i');
is(counts(), 'create_index 6 3 1 1 1 1 1, drop_index 5 1 0 2 2 0 1, reindex 1 0 0 1 0 0 0', 'each is counted once, for what it was');
is(query('SELECT string_agg(concat_ws(\' \', operation, mode, action, schemaname, tablename, indexname, table_size, query), E\'\n\' ORDER BY at) FROM pg_safe_index_violations'),
	'create_index error refused public t refused_i 0 CREATE INDEX refused_i ON t (a)
create_index off overridden public t overridden_i 0 CREATE INDEX overridden_i ON t (a)
drop_index off overridden public t overridden_i 0 DROP INDEX overridden_i
create_index warn warned public t warned_i 0 CREATE INDEX warned_i ON t (a)
create_index rewrite rewritten public t rewritten_i 0 CREATE INDEX rewritten_i ON t (a)
drop_index error refused public t warned_i 8192 DROP INDEX warned_i, rewritten_i
reindex error refused public t 8192 REINDEX TABLE t
drop_index rewrite rewritten public t warned_i 8192 DROP INDEX warned_i, rewritten_i', 'and recorded');
is(query("SELECT concat_ws(' ', datname, usename = current_user, application_name, client_addr IS NULL, pid > 0, at <= now()) FROM pg_safe_index_violations LIMIT 1"),
	'postgres t 017_record.pl t t t', 'by whom');
is(query('SELECT operation, violations, first_at <= last_at, largest_table_size FROM pg_safe_index_violations_summary ORDER BY operation'),
	"create_index|4|t|0\ndrop_index|3|t|8192\nreindex|1|t|8192", 'the summary');
is(query('SELECT recorded, lost FROM pg_safe_index_violations_info'), '8|0', 'none is lost');

# A long text ends where track_activity_query_size says, on a whole character.
$node->psql('postgres', "CREATE INDEX ON t (a) WHERE a <> 1 -- " . "\x{c3}\x{a4}" x 2000);
is(query("SELECT octet_length(query) IN (1022, 1023) AND right(query, 1) = U&'\\00e4' FROM pg_safe_index_violations ORDER BY at DESC LIMIT 1"), 't', 'a long text is cut between characters');

# Who may see whose text.
query(q{CREATE ROLE app LOGIN; CREATE ROLE other LOGIN; CREATE ROLE monitor LOGIN IN ROLE pg_monitor; CREATE ROLE member LOGIN IN ROLE app;
	GRANT CREATE ON SCHEMA public TO app; SET ROLE app; CREATE TABLE mine (a int)});
query('SELECT pg_safe_index_reset()');
$node->psql('postgres', 'CREATE INDEX ON mine (a)', extra_params => [ '-U', 'app' ]);
$node->psql('postgres', 'CREATE INDEX ON t (a)');
my %matrix = (
	# role => [ rows, texts that are shown, may reset ]
	postgres => [ 2, 2, 1 ], monitor => [ 2, 2, 0 ], app => [ 2, 1, 0 ], member => [ 2, 1, 0 ], other => [ 2, 0, 0 ]);
my $superuser = query('SELECT current_user');
for my $role (sort keys %matrix)
{
	my @as = ('-U', $role eq 'postgres' ? $superuser : $role);
	my ($rows, $texts, $reset) = @{ $matrix{$role} };
	is($node->safe_psql('postgres', "SELECT count(*), count(*) FILTER (WHERE query <> '<insufficient privilege>') FROM pg_safe_index_violations",
			extra_params => \@as), "$rows|$texts", "$role: rows and texts");
	is($node->safe_psql('postgres', 'SELECT count(*) > 0 FROM pg_safe_index_stats', extra_params => \@as), 't', "$role: counters");
	next if $reset;
	my ($code, $out, $err) = $node->psql('postgres', 'SELECT pg_safe_index_reset()', extra_params => \@as);
	like($err, qr/permission denied for function pg_safe_index_reset/, "$role: no reset");
}

# 16 clients at once. Each names itself in what it does, so that a torn row would show.
query('SELECT pg_safe_index_reset()');
query(q{CREATE TABLE many (a int)});
my $script = $node->basedir . '/violate.sql';
append_to_file($script, "CREATE INDEX c_:client_id ON many (a) WHERE a <> :client_id;\n");
my $attempts = $node->basedir . '/attempts';
my ($bench_out, $bench_err);
{
	# The error does not end pgbench's transaction loop if it is caught.
	query(q{CREATE FUNCTION violate(client int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
		EXECUTE format('CREATE INDEX c_%s ON many (a) WHERE a <> %s', client, client);
		RAISE EXCEPTION 'let through'; EXCEPTION WHEN object_not_in_prerequisite_state THEN NULL; END $$});
	unlink $script;
	append_to_file($script, "SELECT violate(:client_id);\n");
	my $bench = IPC::Run::start([ 'pgbench', '-n', '-c', 16, '-j', 4, '-T', $seconds, '-f', $script, $node->connstr('postgres') ],
		'>', \$bench_out, '2>', \$bench_err);
	# Readers take no lock: what they see meanwhile is as whole as what they see afterwards.
	my $reader = Session->new($node);
	my ($reads, $torn) = (0, '');
	while ($bench->pumpable && $torn eq '')
	{
		$torn = $reader->run(q{SELECT * FROM pg_safe_index_recent() WHERE tablename IS DISTINCT FROM 'many' OR query IS DISTINCT FROM
			format('CREATE INDEX c_%s ON many (a) WHERE a <> %s', substr(indexname, 3), substr(indexname, 3)) LIMIT 1;});
		$reads++;
		$bench->pump_nb;
	}
	$bench->finish;
	$reader->quit;
	is($torn, '', "16 clients: no torn row in any of $reads reads meanwhile");
	cmp_ok($reads, '>', 10, '... of which there were some');
}
my ($done) = $bench_out =~ /number of transactions actually processed: (\d+)/;
is($bench_err =~ s/^(pgbench \(.*|pgbench: .*)\n?//mgr, '', '16 clients: no error');
cmp_ok($done, '>', 1000, "16 clients: $done violations");
is(query("SELECT refused FROM pg_safe_index_stats WHERE operation = 'create_index' AND datname = 'postgres'"), $done, '16 clients: all are counted');
is(query('SELECT recorded, lost FROM pg_safe_index_violations_info'), $done . '|' . ($done - 50), '16 clients: all are recorded, the oldest overwritten');
is(query(q{SELECT count(*), bool_and(query = format('CREATE INDEX c_%s ON many (a) WHERE a <> %s', substr(indexname, 3), substr(indexname, 3))
	AND tablename = 'many' AND application_name = '017_record.pl' AND action = 'refused') FROM pg_safe_index_violations}), '50|t', '16 clients: no torn row');
# Between the look at the clock and the place in the ring others may overtake a client, but it does not overtake itself.
is(query(q{SELECT bool_and(at >= before) FROM (SELECT at, lag(at) OVER (PARTITION BY pid ORDER BY n) AS before
	FROM (SELECT at, pid, row_number() OVER () AS n FROM pg_safe_index_recent()) x) y WHERE before IS NOT NULL}), 't', '16 clients: in order');

# A clean restart keeps both; the file is gone once it is read.
my $before = query('SELECT * FROM pg_safe_index_stats ORDER BY 1, 2') . query('SELECT * FROM pg_safe_index_violations ORDER BY at')
  . query('TABLE pg_safe_index_violations_info');
my $file = $node->data_dir . '/pg_stat/pg_safe_index.stat';
$node->stop;
ok(-s $file, 'stopped: there is a file');
$node->start;
ok(!-e $file, 'started: there is none');
is(query('SELECT * FROM pg_safe_index_stats ORDER BY 1, 2') . query('SELECT * FROM pg_safe_index_violations ORDER BY at')
	. query('TABLE pg_safe_index_violations_info'), $before, 'after a restart: the same');

# With another number of rows.
$node->append_conf('postgresql.conf', 'pg_safe_index.max_violations = 10');
$node->restart;
is(query('SELECT count(*) FROM pg_safe_index_violations'), '10', 'fewer rows: the latest are kept');
is(query('SELECT recorded, lost FROM pg_safe_index_violations_info'), $done . '|' . ($done - 10), '... the others are lost');
$node->append_conf('postgresql.conf', 'pg_safe_index.max_violations = 100');
$node->restart;
is(query('SELECT count(*) FROM pg_safe_index_violations'), '10', 'more rows: those that there are');
$node->psql('postgres', 'CREATE INDEX ON t (a)');
is(query('SELECT count(*) FROM pg_safe_index_violations'), '11', '... and there is room for more');
$node->append_conf('postgresql.conf', 'pg_safe_index.max_violations = 0');
$node->restart;
$node->psql('postgres', 'CREATE INDEX ON t (a)');
is(query('SELECT count(*) FROM pg_safe_index_violations'), '0', 'turned off: no record');
is(query("SELECT refused FROM pg_safe_index_stats WHERE operation = 'create_index' AND datname = 'postgres'"), $done + 2, '... but counters');
$node->append_conf('postgresql.conf', 'pg_safe_index.max_violations = 50');
$node->restart;

# A damaged file is ignored, whatever the damage.
$node->psql('postgres', 'CREATE INDEX ON t (a)');
$node->stop;
my $good = slurp_file($file);
my $offset = -s $node->logfile;
for my $damage ('short', 'long', 'bit', 'empty', 'foreign')
{
	my $bad = $good;
	if ($damage eq 'short') { $bad = substr($good, 0, length($good) - 3) }
	if ($damage eq 'long') { $bad .= 'x' }
	if ($damage eq 'bit') { substr($bad, length($bad) / 2, 1) ^= "\x01" }
	if ($damage eq 'empty') { $bad = '' }
	if ($damage eq 'foreign') { $bad = 'this is something else' x 100 }
	open(my $handle, '>:raw', $file) or die;
	print $handle $bad;
	close $handle;
	$node->start;
	is(query('SELECT count(*) FROM pg_safe_index_violations') . ' ' . query('SELECT coalesce(sum(checked), 0) FROM pg_safe_index_stats'), '0 0', "damaged file, $damage: starts empty");
	ok(!-e $file, "damaged file, $damage: it is gone");
	$node->stop;
}
is(() = slurp_file($node->logfile, $offset) =~ /LOG:  ignoring invalid data in file "pg_stat\/pg_safe_index.stat"/g, 5, 'damaged file: the log says so');
$node->start;

# An immediate shutdown is no clean one.
$node->psql('postgres', 'CREATE INDEX ON t (a)');
isnt(query('SELECT recorded FROM pg_safe_index_violations_info'), '0', 'immediate shutdown: there is something');
$node->stop('immediate');
ok(!-e $file, 'immediate shutdown: no file');
$node->start;
is(query('SELECT recorded FROM pg_safe_index_violations_info'), '0', 'immediate shutdown: starts empty');

# A database with another encoding, a partitioned table, a schema.
query("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
query('CREATE TABLE t (a int)', 'latin');
$node->psql('latin', "SET client_encoding = 'UTF8'; CREATE INDEX ON t (a) WHERE 'gr\x{c3}\x{bc}n' <> '';");
is(query('SELECT query FROM pg_safe_index_violations'), "CREATE INDEX ON t (a) WHERE 'gr?n' <> ''", 'another encoding: what both agree on');
query('CREATE TABLE part (a int) PARTITION BY RANGE (a); CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10); INSERT INTO part VALUES (1)');
$node->psql('postgres', q{SET pg_safe_index.min_table_size = '1kB'; CREATE INDEX ON part (a)});
$node->psql('postgres', 'REINDEX SCHEMA public');
is(query(q{SELECT string_agg(concat_ws(' ', operation, schemaname, tablename, table_size), ', ' ORDER BY at) FROM pg_safe_index_violations WHERE datname = 'postgres'}),
	'create_index public part, reindex public', 'several tables: no size, no table');

# A crash in the middle: the server goes on, and starts empty.
$node->psql('postgres', 'CREATE INDEX ON t (a)');
my $bench = IPC::Run::start([ 'pgbench', '-n', '-c', 16, '-j', 4, '-T', 60, '-f', $script, $node->connstr('postgres') ],
	'>', \my $crash_out, '2>', \my $crash_err);
$node->poll_query_until('postgres', 'SELECT recorded > 100 FROM pg_safe_index_violations_info') or die;
my $victim = query("SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT violate%' AND pid <> pg_backend_pid() LIMIT 1");
kill 'KILL', $victim;
eval { $bench->finish };
Session::poll($node, "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $victim");
is(query('SELECT recorded FROM pg_safe_index_violations_info'), '0', 'after a crash: nothing on record');
is(query('SELECT coalesce(sum(checked), 0) FROM pg_safe_index_stats'), '0', 'after a crash: no counts');
$node->psql('postgres', 'CREATE INDEX ON t (a)');
is(query('SELECT recorded FROM pg_safe_index_violations_info'), '1', 'after a crash: it works');

# Another database; one that is dropped.
query('CREATE DATABASE second');
query('CREATE TABLE t (a int)', 'second');
$node->psql('second', 'CREATE INDEX ON t (a)');
is(query("SELECT datname, refused FROM pg_safe_index_stats WHERE operation = 'create_index' ORDER BY 1"), "postgres|1\nsecond|1", 'per database');
query('DROP DATABASE second');
is(query("SELECT datname, refused FROM pg_safe_index_stats WHERE operation = 'create_index' ORDER BY 1"), 'postgres|1', 'a dropped database is not shown');
is(query("SELECT count(*) FROM pg_safe_index_violations WHERE datname IS NULL"), '1', '... but on record');

is(query("SELECT setting, context FROM pg_settings WHERE name = 'pg_safe_index.max_violations'"), '50|postmaster',
	'max_violations: set at server start');

# The queries for postgres_exporter, as it and CloudNativePG run them: each metric is a column of its query, no two rows have the same labels.
query('CREATE ROLE exporter IN ROLE pg_monitor');
my $as_exporter = 'SET ROLE exporter; SET search_path = pg_catalog; BEGIN READ ONLY;';
my ($yaml) = grep { -e } map { "$_/contrib/monitoring/postgres_exporter.yaml" } "$FindBin::Bin/..", "$FindBin::Bin/../..";
my $text = slurp_file($yaml);
my @blocks = split /\n(?=\w+:\n)/, $text;
my $queries = 0;
for my $block (grep { /query:/ } @blocks)
{
	my ($query) = $block =~ /query: "(.*)"/;
	my @metrics = $block =~ /^    - (\w+):/mg;
	my @labels = $block =~ /^    - (\w+):\n        usage: "LABEL"/mg;
	my $columns = query("$as_exporter SELECT string_agg(key, ' ' ORDER BY n) FROM (SELECT * FROM ($query) q LIMIT 1) r, json_object_keys(row_to_json(r)) WITH ORDINALITY k(key, n)");
	is($columns, join(' ', @metrics), 'postgres_exporter: a column for each metric');
	my $distinct = @labels ? 'DISTINCT (' . join(', ', @labels) . ')' : 'DISTINCT 1';
	is(query("$as_exporter SELECT count(*) - count($distinct) FROM ($query) q"), '0', '... and a row for each set of labels');
	$queries++;
	next unless $block =~ /^pg_safe_index_stats:/m;
	query('CREATE DATABASE quiet');
	is(query("$as_exporter SELECT string_agg(operation, ' ' ORDER BY operation) FROM ($query) q WHERE datname = 'quiet' AND checked + refused = 0"),
		'add_constraint attach_partition create_index drop_index move_index reindex',
		'... with zeros for a database where nothing was counted');
	is(query("$as_exporter SELECT refused FROM ($query) q WHERE datname = 'postgres' AND operation = 'create_index'"), '1', '... and the counters elsewhere');
}
is($queries, 5, 'postgres_exporter: five queries');

# A line in the log for each violation, with these fields (jsonlog since 15).
$node->append_conf('postgresql.conf', "log_destination = 'jsonlog'\nlogging_collector = on\nlog_filename = 'json.log'");
$node->restart;
$node->psql('postgres', 'SET pg_safe_index.mode = warn; CREATE INDEX logged ON t (a)');
# The collector is a process of its own, and may write it later.
sub json_line
{
	my ($pattern) = @_;
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my ($line) = grep { $_ =~ $pattern } split /\n/, slurp_file($node->data_dir . '/log/json.json');
		return $line if defined $line;
		select(undef, undef, undef, 0.1);
	}
	return 'no such line';
}
my $line = json_line(qr/"message":"CREATE INDEX without CONCURRENTLY would block writes/);
for my $field ('timestamp', 'user', 'dbname', 'pid', 'error_severity":"WARNING"', 'state_code":"01000"', 'detail', 'hint',
	'application_name')
{
	like($line, qr/"\Q$field\E/, "jsonlog, a warning: $field");
}
$node->psql('postgres', 'CREATE INDEX logged_2 ON t (a)');
$line = json_line(qr/would block.*logged_2/);
for my $field ('error_severity":"ERROR"', 'state_code":"55000"', 'statement":"CREATE INDEX logged_2 ON t (a)"')
{
	like($line, qr/"\Q$field\E/, "jsonlog, an error: $field");
}

# The shared memory is what the documentation says.
my $size = query(q{SELECT sum(allocated_size) FROM pg_shmem_allocations WHERE name = 'pg_safe_index'});
cmp_ok($size, '<=', 36 * 1024 + 50 * 1536, "shared memory: $size bytes");

$node->stop;
done_testing();
