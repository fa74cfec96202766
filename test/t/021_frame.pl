# Proves: a concurrent build that is cancelled or times out ends although what it waited for is still there, with the
# drop of what it leaves (drop_failed_builds, mode rewrite, suspend_timeouts); statement_timeout goes on after a build that it
# was kept from; old transactions are told before the build of every partition, each once; how many partitions have the
# index; an index that somebody is building is not taken for a failed one.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $node = guarded_node('frame', settings => q{
autovacuum = off
max_prepared_transactions = 2
});
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_safe_index;
	CREATE TABLE t (a int NOT NULL, b int);
	INSERT INTO t SELECT n, n FROM generate_series(1, 100) n;
	CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
	CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
	CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (20);
});

sub query { return $node->safe_psql('postgres', $_[0]) }
sub invalid { return query(q{SELECT string_agg(indexname, ' ' ORDER BY indexname) FROM pg_safe_index_invalid}) }
sub cancel { my ($session) = @_; query("SELECT pg_cancel_backend($session->{pid})") }

# Runs every "To drop it:" of a hint.
sub follow
{
	my ($error) = @_;
	query($_) for $error =~ /^(?:HINT:  )?To drop it(?: instead)?: (.*;)$/mg;
}

my $blocker = Session->new($node, application => 'blocker');
my $builder = Session->new($node, application => 'builder');
sub settings
{
	my (%set) = @_;
	$builder->run('RESET ALL;');
	$builder->run("SET $_ = '$set{$_}';") for sort keys %set;
}
sub is_still_open
{
	my ($name) = @_;
	is(query("SELECT state FROM pg_stat_activity WHERE pid = $blocker->{pid}"), 'idle in transaction',
		"$name: what it waited for is still there");
}

# The build waits for the blocker's snapshot, the drop for its lock on the table. The blocker stays until the command has
# ended: a drop that waits for it would end this test by its own time limit.
my %build = (
	error => [ 'CREATE INDEX CONCURRENTLY new ON t (b);', 'new', 'pg_safe_index.drop_failed_builds' => 'on' ],
	off => [ 'CREATE INDEX CONCURRENTLY new ON t (b);', 'new', 'pg_safe_index.drop_failed_builds' => 'on', 'pg_safe_index.mode' => 'off' ],
	rewrite => [ 'CREATE INDEX new ON t (b);', 'new', 'pg_safe_index.mode' => 'rewrite' ],
	constraint => [ 'ALTER TABLE t ADD CONSTRAINT new UNIQUE (b);', 'new', 'pg_safe_index.mode' => 'rewrite' ],
	partitions => [ 'CREATE INDEX root ON p (b);', 'p_1_b_idx', 'pg_safe_index.mode' => 'rewrite' ]);
for my $kind (sort keys %build)
{
	my ($command, $left, %set) = @{ $build{$kind} };
	for my $way ('cancel', 'statement_timeout', 'cancel, timeouts suspended')
	{
		my $name = "$kind, $way";
		settings(%set,
			$way eq 'statement_timeout' ? (statement_timeout => '1500ms') : (),
			$way =~ /suspended/ ? (statement_timeout => '1h', lock_timeout => '2h', 'pg_safe_index.suspend_timeouts' => 'on') : ());
		$blocker->run('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t, p;');
		$builder->send($command);
		if ($way ne 'statement_timeout')
		{
			$builder->wait_until_blocked('waiting for old snapshots');
			cancel($builder);
		}
		my $said = $builder->finish;
		my $why = $way eq 'statement_timeout' ? 'statement timeout' : 'user request';
		like($said, qr/^ERROR:  canceling statement due to $why\nHINT:  The failed command left index "$left" behind/m,
			"$name: the error, and what is left");
		like($said, qr/\nIt could not be dropped now: another transaction was in the way for longer than pg_safe_index\.lock_timeout \(500 ms\)\./,
			"$name: why it is still there");
		is_still_open($name);
		is(invalid(), $left, "$name: the view shows it");
		is($builder->run("SHOW lock_timeout;\nSHOW deadlock_timeout;\nSHOW statement_timeout;"),
			($way =~ /suspended/ ? "2h\n1s\n1h" : $way eq 'cancel' ? "0\n1s\n0" : "0\n1s\n1500ms"), "$name: the client's settings are as they were");
		$blocker->run('COMMIT;');
		follow($said);
		is(invalid(), '', "$name: the hint's command mends it");
		query('SET pg_safe_index.mode = off; DROP INDEX IF EXISTS root');
	}
}

# The limit is the setting's, or the client's own if that is shorter; 0 is none.
settings('pg_safe_index.drop_failed_builds' => 'on', lock_timeout => '100ms', 'pg_safe_index.lock_timeout' => '1h');
$blocker->run('BEGIN; INSERT INTO t VALUES (1000);');
like($builder->run($build{error}[0]), qr/ERROR:  canceling statement due to lock timeout\nHINT:  .*\nIt could not be dropped now: canceling statement due to lock timeout\./s,
	"the client's own lock_timeout, if it is shorter");
is_still_open("the client's own lock_timeout");
$blocker->run('ROLLBACK;');
query('DROP INDEX CONCURRENTLY new');
settings('pg_safe_index.drop_failed_builds' => 'on', 'pg_safe_index.lock_timeout' => '0');
$blocker->run('BEGIN; INSERT INTO t VALUES (1000);');
$builder->send($build{error}[0]);
$builder->wait_until_blocked('waiting for writers before build');
cancel($builder);
$node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM pg_stat_progress_create_index') or die;
$builder->wait_until_blocked;
$blocker->run('ROLLBACK;');
like($builder->finish, qr/user request\nHINT:  Index "new", which the failed command left behind, was dropped\./, '0: no limit');

# The drop gives up half way, when the index is not live any more: it cannot be rebuilt then.
settings('pg_safe_index.drop_failed_builds' => 'on', 'pg_safe_index.lock_timeout' => '1h');
my $second = Session->new($node, application => 'second');
$blocker->run('BEGIN; INSERT INTO t VALUES (1000);');
$builder->send($build{error}[0]);
$builder->wait_until_blocked('waiting for writers before build');
cancel($builder);
$node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM pg_stat_progress_create_index') or die;
$builder->wait_until_blocked;
$second->run('BEGIN; SELECT count(*) FROM t;');
$blocker->run('ROLLBACK;');
$node->poll_query_until('postgres', "SELECT NOT indislive FROM pg_index WHERE indexrelid = 'new'::regclass") or die;
$builder->wait_until_blocked;
cancel($builder);
my $said = $builder->finish;
like($said, qr/left index "new" behind, marked invalid\.\nTo drop it: DROP INDEX CONCURRENTLY IF EXISTS new;\nIt could not be dropped now/,
	'given up half way: it can only be dropped');
$second->run('COMMIT;');
follow($said);
is(invalid(), '', '... and is');

# suspend_timeouts: the build may take longer than statement_timeout, the step after it may not.
settings('pg_safe_index.mode' => 'rewrite', 'pg_safe_index.suspend_timeouts' => 'on', statement_timeout => '1500ms');
$blocker->run('BEGIN; INSERT INTO t VALUES (1000);');
$builder->send('ALTER TABLE t ADD CONSTRAINT new UNIQUE (a);');
$builder->wait_until_blocked('waiting for writers before build');
$node->poll_query_until('postgres', "SELECT clock_timestamp() > query_start + interval '2 s'
	FROM pg_stat_activity WHERE pid = $builder->{pid}") or die;
$blocker->run('ROLLBACK;');
unlike($builder->finish, qr/ERROR/, 'suspend_timeouts: the time of the build does not count');
is(query("SELECT conname FROM pg_constraint WHERE conname = 'new'"), 'new', '... and the constraint is there');
query('ALTER TABLE t DROP CONSTRAINT new');
$blocker->run('BEGIN; SELECT count(*) FROM t;');
$said = $builder->run('ALTER TABLE t ADD CONSTRAINT new UNIQUE (a);');
like($said, qr/^ERROR:  canceling statement due to statement timeout$/m, 'suspend_timeouts: the step after the build has a time limit');
is_still_open('the step after the build');
$blocker->run('COMMIT;');
query('DROP INDEX CONCURRENTLY IF EXISTS new');

# Old transactions are told before each partition's build. One with a cursor has a snapshot, then none, then one again: it is
# in the way of both builds, and is told once. Between the builds the command waits for the index of the partitioned table.
settings('pg_safe_index.mode' => 'rewrite', 'pg_safe_index.report_blockers_after' => '1ms');
my %session = map { $_ => Session->new($node, application => $_) } qw(cursor first second holder);
sub all_are_old
{
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'client backend'
		AND pid <> pg_backend_pid() AND xact_start > clock_timestamp() - interval '5 ms'") or die;
}
$session{cursor}->run('BEGIN; DECLARE c CURSOR FOR SELECT * FROM t;');
$session{first}->run('BEGIN; INSERT INTO p_1 VALUES (1);');
all_are_old();
$builder->send('CREATE INDEX root ON p (b);');
$builder->wait_until_blocked('waiting for writers before build');
is(query("SELECT partitions_total, partitions_done FROM pg_stat_progress_create_index WHERE pid = $builder->{pid}"), '2|0',
	'progress: no partition has it');
$session{cursor}->run('CLOSE c;');
$session{holder}->run(q{BEGIN; COMMENT ON INDEX root IS 'held';});
$session{first}->run('COMMIT;');
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_index WHERE indrelid = 'p_1'::regclass AND indisvalid}) or die;
$session{second}->run('BEGIN; INSERT INTO p_2 VALUES (11);');
$session{cursor}->run('DECLARE c CURSOR FOR SELECT * FROM t;');
all_are_old();
$session{holder}->run('COMMIT;');
$builder->wait_until_blocked('waiting for writers before build');
is(query("SELECT partitions_total, partitions_done FROM pg_stat_progress_create_index WHERE pid = $builder->{pid}"), '2|1',
	'progress: one of two partitions has it');
$session{$_}->run('COMMIT;') for qw(second cursor);
$said = $builder->finish;
unlike($said, qr/ERROR/, 'the build succeeds');
my @told = $said =~ /(?:NOTICE:  CREATE INDEX CONCURRENTLY (has to wait for \d transactions?)|application "(\w+)")/g;
is(join(' ', map { $_ // () } @told), 'has to wait for 2 transactions cursor first has to wait for 1 transaction second',
	'told before each build, each transaction once') or diag($said);
query('SET pg_safe_index.mode = off; DROP INDEX root');

# The leftover of a build is dropped before the same command, sent again; what somebody is building is no leftover.
settings();
my $retry = Session->new($node, application => 'retry', set => 'SET pg_safe_index.mode = rewrite;');
$blocker->run('BEGIN; INSERT INTO t VALUES (1000);');
$builder->send($build{error}[0]);
$builder->wait_until_blocked('waiting for writers before build');
my $new = query(q{SELECT 'new'::regclass::oid});
$retry->send($build{error}[0]);
$retry->wait_until_blocked;
cancel($retry);
# From 19 on a CONTEXT follows.
like($retry->finish, qr/^ERROR:  canceling statement due to user request$/m, 'somebody is building it: the same command waits as PostgreSQL has it');
$blocker->run('ROLLBACK;');
is($builder->finish, '', '... the build succeeds');
is(query(q{SELECT indexrelid = }. $new . q{, indisvalid FROM pg_index WHERE indexrelid = 'new'::regclass}), 't|t', '... it is still there');
query('DROP INDEX CONCURRENTLY new');
# In each protocol, as a tool would send it again after a cancel.
my $script = $node->basedir . '/again.sql';
append_to_file($script, $build{error}[0] . "\n");
for my $protocol ('simple', 'extended', 'prepared')
{
	$blocker->run('BEGIN; INSERT INTO t VALUES (1000);');
	$builder->send($build{error}[0]);
	$builder->wait_until_blocked('waiting for writers before build');
	cancel($builder);
	like($builder->finish, qr/left index "new" behind/, "$protocol protocol: left by a cancel");
	$blocker->run('ROLLBACK;');
	local $ENV{PGOPTIONS} = '-c pg_safe_index.mode=rewrite';
	my ($out, $err);
	ok(IPC::Run::run([ 'pgbench', '-n', '-t', '1', '-M', $protocol, '-f', $script, $node->connstr('postgres') ], '>', \$out, '2>', \$err),
		"$protocol protocol: sent again, it succeeds") or diag($err);
	is(query(q{SELECT indisvalid FROM pg_index WHERE indexrelid = 'new'::regclass}), 't', "$protocol protocol: it is valid");
	query('DROP INDEX CONCURRENTLY new');
}
unlike(slurp_file($node->logfile), qr/still active|not closed|leaked|PANIC|TRAP|XX000/, 'nothing in the log');

$node->stop;
done_testing();
