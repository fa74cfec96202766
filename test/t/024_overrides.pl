# Proves: a violation that runs since the session, its role, its database or a function has set pg_safe_index.mode to off is counted as
# overridden, is on record once per session, table and operation, and says nothing; where the server's configuration says off nobody
# looks; what is no violation, and what is exempt, leaves nothing. PostgreSQL's own errors and all results are the same either way.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $node = guarded_node('overrides', settings => q{
autovacuum = off
max_prepared_transactions = 10
});
sub query { return $node->safe_psql($_[1] // 'postgres', $_[0]) }
query('CREATE EXTENSION pg_safe_index; CREATE TABLE t (a int); CREATE ROLE app LOGIN; GRANT CREATE ON SCHEMA public TO app');
query('CREATE TABLE mine (a int)', 'postgres');
query('ALTER TABLE mine OWNER TO app');
query('CREATE DATABASE other');
query('CREATE TABLE t (a int)', 'other');

my $counted = q{SELECT coalesce(sum(checked), 0) || ' ' || coalesce(sum(overridden), 0) FROM pg_safe_index_stats};
my $recorded = q{SELECT string_agg(concat_ws(' ', datname, usename, operation, mode, action, tablename, indexname, query), E'\n' ORDER BY at)
	FROM pg_safe_index_violations};

# leaves NAME CHECKED_AND_OVERRIDDEN SQL OPTION...: SQL runs without a word, and leaves so many counts.
#   conf => what postgresql.conf says of the mode, for all sessions of the server
sub leaves
{
	my ($name, $counts, $sql, %opt) = @_;
	query('SELECT pg_safe_index_reset()');
	local $ENV{PGOPTIONS} = $opt{options} // '';
	local $ENV{PGAPPNAME} = $opt{application} // 'test';
	my ($code, $out, $err) = $node->psql($opt{database} // 'postgres', $sql, extra_params => [ '-U', $opt{user} // 'postgres' ]);
	is($err, '', "$name: no message");
	delete local $ENV{PGOPTIONS};
	is(query($counted), $counts, "$name: counted");
	return;
}
my $pair = 'CREATE INDEX i ON t (a); DROP INDEX i';

# Where the value comes from.
leaves('SET', '0 2', "SET pg_safe_index.mode = off; $pair");
is(query($recorded), "postgres postgres create_index off overridden t i CREATE INDEX i ON t (a)
postgres postgres drop_index off overridden t i DROP INDEX i", 'on record, too');
leaves('SET LOCAL', '0 2', "BEGIN; SET LOCAL pg_safe_index.mode = off; $pair; COMMIT");
leaves('set_config()', '0 2', "SELECT set_config('pg_safe_index.mode', 'off', false); $pair");
leaves('PGOPTIONS', '0 2', $pair, options => '-c pg_safe_index.mode=off');
query("CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql SET pg_safe_index.mode = off AS 'BEGIN $pair; END'");
leaves('a function', '0 2', 'SELECT f()');
query('ALTER ROLE app SET pg_safe_index.mode = off');
leaves('ALTER ROLE', '0 2', 'CREATE INDEX i ON mine (a); DROP INDEX i', user => 'app');
is(query($recorded), "postgres app create_index off overridden mine i CREATE INDEX i ON mine (a)
postgres app drop_index off overridden mine i DROP INDEX i", '... by whom');
query('ALTER ROLE app RESET pg_safe_index.mode');
query('ALTER ROLE app IN DATABASE postgres SET pg_safe_index.mode = off');
leaves('ALTER ROLE IN DATABASE', '0 2', 'CREATE INDEX i ON mine (a); DROP INDEX i', user => 'app');
query('ALTER DATABASE other SET pg_safe_index.mode = off');
leaves('ALTER DATABASE', '0 2', $pair, database => 'other');
query('ALTER ROLE ALL SET pg_safe_index.mode = off');
leaves('ALTER ROLE ALL', '0 2', $pair);
query('ALTER ROLE ALL RESET pg_safe_index.mode');

# No longer than it is in force.
sub refused_after
{
	my ($name, $sql) = @_;
	my ($code, $out, $err) = $node->psql('postgres', "$sql; CREATE INDEX i ON t (a)");
	like($err, qr/would block/, "refused after $name");
}
refused_after('SET LOCAL', 'BEGIN; SET LOCAL pg_safe_index.mode = off; COMMIT');
refused_after('an abort', 'BEGIN; SET pg_safe_index.mode = off; ROLLBACK');
refused_after('the function', 'SELECT f()');
refused_after('RESET', 'SET pg_safe_index.mode = off; RESET pg_safe_index.mode');

# A floor leaves no override.
query('SELECT pg_safe_index_reset()');
my ($code, $out, $err) = $node->psql('postgres', 'SET pg_safe_index.minimum_mode = warn; SET pg_safe_index.mode = off; CREATE INDEX i ON t (a)');
like($err, qr/WARNING.*would block/, 'a floor: the mode in force');
is(query($counted), '1 0', '... is no override');
query('SET pg_safe_index.mode = off; DROP INDEX i');

# What leaves nothing.
my $off = 'SET pg_safe_index.mode = off';
leaves('CONCURRENTLY', '0 0', "$off; CREATE INDEX CONCURRENTLY i ON t (a); REINDEX INDEX CONCURRENTLY i; DROP INDEX CONCURRENTLY i");
leaves('a new table', '0 0', "$off; BEGIN; CREATE TABLE n (a int); CREATE INDEX ON n (a); ALTER TABLE n ADD PRIMARY KEY (a); ROLLBACK");
leaves('a temporary table', '0 0', "$off; CREATE TEMP TABLE n (a int); CREATE INDEX ON n (a); REINDEX TABLE n");
leaves('a small table', '0 0', "SET pg_safe_index.min_table_size = '1MB'; $off; $pair");
leaves('an operation that is not checked', '0 1', "SET pg_safe_index.operations = 'drop_index'; $off; $pair");
query("ALTER ROLE ALL SET pg_safe_index.exempt_applications = 'pg_restore'");
leaves('an exempt application', '0 0', "$off; $pair", application => 'pg_restore');
leaves('... and no other', '0 2', "$off; $pair");
query('ALTER ROLE ALL RESET pg_safe_index.exempt_applications');
leaves('other statements', '0 0', "$off; ALTER TABLE t ALTER a SET DEFAULT 1; CREATE TABLE gone (a int); DROP TABLE gone CASCADE");
leaves("the script of an extension", '0 0', "CREATE TABLE psi_probe_target (a int); $off; CREATE EXTENSION psi_probe");
query('DROP EXTENSION psi_probe');
query('SELECT pg_safe_index_reset()');
$node->psql('postgres', "$off; CREATE INDEX ON none (a); DROP INDEX none; CREATE INDEX ON t (none)", on_error_stop => 0);
is(query($counted), '0 0', "PostgreSQL's own errors: nothing is counted");

# With what else works in any mode.
leaves('suspend_timeouts', '0 2', "SET pg_safe_index.suspend_timeouts = on; $off; $pair");
leaves('drop_failed_builds', '0 2', "SET pg_safe_index.drop_failed_builds = on; $off; $pair; CREATE INDEX CONCURRENTLY i ON t (a); DROP INDEX CONCURRENTLY i");

# Several at once, and other operations.
query(q{SET pg_safe_index.mode = off; CREATE INDEX t_1 ON t (a); CREATE INDEX t_2 ON t (a);
	CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p_1 (a int); CREATE INDEX ON p (a)});
leaves('several indexes', '0 2', "$off; DROP INDEX t_1, t_2");
is(query($recorded), 'postgres postgres drop_index off overridden t t_1 DROP INDEX t_1, t_2', '... one of them on record');
leaves('others', '0 3', "$off; ALTER TABLE p ATTACH PARTITION p_1 FOR VALUES FROM (0) TO (9); ALTER TABLE t ADD UNIQUE (a); REINDEX TABLE t");
is(query($recorded), "postgres postgres attach_partition off overridden p_1 ALTER TABLE p ATTACH PARTITION p_1 FOR VALUES FROM (0) TO (9)
postgres postgres add_constraint off overridden t ALTER TABLE t ADD UNIQUE (a)
postgres postgres reindex off overridden t REINDEX TABLE t", '... on record');
query('SET pg_safe_index.mode = off; ALTER TABLE t DROP CONSTRAINT t_a_key');

# A command that finds something to build only once it has its lock.
query('CREATE TABLE late (a int) PARTITION BY RANGE (a); CREATE TABLE late_1 (a int)');
query('SELECT pg_safe_index_reset()');
my $holder = Session->new($node);
$holder->run("SET pg_safe_index.mode = off; BEGIN; LOCK TABLE late IN ACCESS EXCLUSIVE MODE; ALTER TABLE late ATTACH PARTITION late_1 FOR VALUES FROM (0) TO (9);");
my $waiter = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr('postgres'), '-c', $off, '-c', 'CREATE INDEX ON late (a)' ],
	'>', \my $late_out, '2>', \my $late_err);
Session::poll($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'CREATE INDEX ON late%'});
$holder->run('COMMIT;');
$holder->quit;
$waiter->finish;
is($late_err, '', 'a late build: no message');
is(query($counted), '0 1', 'a late build: counted');
like(query($recorded), qr/^postgres postgres create_index off overridden late_1 CREATE INDEX ON late \(a\)$/, 'a late build: on record');

# Once per session, table and operation; a restore does not push everything else out.
query('SELECT pg_safe_index_reset()');
$node->psql('postgres', 'CREATE INDEX kept ON t (a)');
query("SET pg_safe_index.mode = off; DO 'BEGIN FOR i IN 1..300 LOOP CREATE INDEX i ON t (a); DROP INDEX i; END LOOP; END'");
is(query($counted), '1 600', 'many indexes: all are counted');
is(query("SELECT string_agg(operation || ' ' || action, ', ' ORDER BY at) FROM pg_safe_index_violations"),
	'create_index refused, create_index overridden, drop_index overridden', 'many indexes: one for each operation is on record');
query("SET pg_safe_index.mode = off; $pair");
is(query('SELECT recorded FROM pg_safe_index_violations_info'), '5', 'another session: on record again');
query(q{DO $$ BEGIN FOR i IN 1..2000 LOOP EXECUTE format('CREATE TABLE many_%s (a int)', i); END LOOP; END $$});
query(q{SET pg_safe_index.mode = off; DO $$ BEGIN FOR i IN 1..2000 LOOP EXECUTE format('CREATE INDEX ON many_%s (a)', i); END LOOP; END $$});
is(query($counted), '1 2602', 'many tables: all are counted');
is(query('SELECT recorded, lost FROM pg_safe_index_violations_info'), '133|0', 'many tables: the first 128 are on record');
is(query("SELECT count(*) FROM pg_safe_index_violations WHERE indexname = 'kept'"), '1', '... and what was there before');

# An abort does not take it out of the record, and it is not put there again.
query('SELECT pg_safe_index_reset()');
query("SET pg_safe_index.mode = off; BEGIN; CREATE INDEX i ON t (a); ROLLBACK; CREATE INDEX i ON t (a); DROP INDEX i");
is(query($counted), '0 3', 'an abort: counted as often as it was sent');
is(query('SELECT recorded FROM pg_safe_index_violations_info'), '2', 'an abort: on record once');

# PostgreSQL's errors and results: all regression scripts, with mode off by the configuration and by an override. What they set
# of the mode goes to a parameter of nobody.
my ($sql) = grep { -d } map { "$_/sql" } "$FindBin::Bin/..", "$FindBin::Bin/../..";
sub replay
{
	my ($name, $file, $options) = @_;
	local $ENV{PGOPTIONS} = "$options -c client_min_messages=notice";
	query('CREATE DATABASE replayed');
	my $log = $node->basedir . "/$name.out";
	system("psql -Xaq -v ON_ERROR_STOP=0 -v HIDE_TABLEAM=on -d '" . $node->connstr('replayed') . "' -f $file >$log 2>&1");
	# Counts of a database that is gone are not shown.
	my $counts = query($counted);
	query('DROP DATABASE replayed');
	# Some scripts cannot drop their role, since a command went through that was to be refused.
	query($_) for split /\n/, query("SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname LIKE '%psi\\_%'");
	return ($counts, slurp_file($log));
}

sub mode_in_configuration
{
	my ($mode) = @_;
	query(defined $mode ? "ALTER SYSTEM SET pg_safe_index.mode = $mode" : 'ALTER SYSTEM RESET pg_safe_index.mode');
	$node->reload;
	my $expected = $mode // 'error';
	$node->poll_query_until('postgres', "SELECT current_setting('pg_safe_index.mode') = '$expected'") or die 'no reload';
	return;
}
my $replayed = 0;
for my $script (sort glob "$sql/*.sql")
{
	my ($name) = $script =~ m{([^/]+)\.sql$};
	my $text = slurp_file($script) =~ s/pg_safe_index\.(mode|minimum_mode)/psi_replay.$1/gr;
	my $file = $node->basedir . "/$name.sql";
	append_to_file($file, $text);
	query('SELECT pg_safe_index_reset()');
	my ($counts, $overridden) = replay("$name.override", $file, '-c pg_safe_index.mode=off');
	my ($checked, $count) = split / /, $counts;
	is($checked, 0, "$name: off by an override, nothing is checked");
	$replayed += $count;
	mode_in_configuration('off');
	query('SELECT pg_safe_index_reset()');
	($counts, my $configured) = replay("$name.configured", $file, '');
	# A plan that is executed there turns the mode off itself.
	is($counts, $name eq 'plan' ? '0 1' : '0 0', "$name: off by the configuration, nobody looks");
	mode_in_configuration(undef);
	s/\d{4,}/N/g, s/\d+\.\d\d s\b/N s/g for $overridden, $configured;	# OIDs and process ids; how long REINDEX (VERBOSE) took
	my @lines = split /\n/, $overridden;
	my @differ = grep { (shift(@lines) // '') ne $_ } split /\n/, $configured;
	is(join("\n", @differ, @lines), '', "$name: off by an override, $count overridden, the same results");
}
cmp_ok($replayed, '>', 100, "$replayed violations were overridden");

# The command line is the server's configuration, too; what a session sets on top of it is an override.
$node->stop;
system_or_bail('pg_ctl', '-w', '-D', $node->data_dir, '-l', $node->logfile, '-o', '-c pg_safe_index.mode=off', 'start');
$node->_update_pid(1);
leaves('the command line', '0 0', $pair);
leaves('... and a session on top of it', '0 2', "$off; $pair");
leaves('... that goes back', '0 0', "$off; RESET pg_safe_index.mode; $pair");
leaves('... in a transaction', '0 0', "BEGIN; SET pg_safe_index.mode = off; ROLLBACK; $pair");

$node->stop;
done_testing();
