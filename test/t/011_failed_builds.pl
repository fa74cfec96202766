# Proves, with real failures: whatever ends a concurrent command half way (cancel in each of its waits, duplicate
# keys that appear meanwhile, deadlock, each timeout), its error names what is left, and the commands it gives
# mend that; drop_failed_builds leaves nothing; what a terminated backend or a crash leaves the view shows, and
# IF NOT EXISTS does not skip.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $node = guarded_node('builds', settings => q{
autovacuum = off
restart_after_crash = on
});
my $major = $node->safe_psql('postgres', q{SELECT current_setting('server_version_num')::int / 10000});
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_safe_index;
	CREATE TABLE other (a int);
	CREATE TABLE t (a int);
});

# The table as it is at the beginning of each case, with an index to rebuild and drop.
sub fresh_table
{
	$node->safe_psql('postgres', q{
		DROP TABLE t;
		CREATE TABLE t (a int);
		INSERT INTO t SELECT generate_series(1, 100);
		SET pg_safe_index.mode = off;
		CREATE INDEX old ON t (a);
	});
}

sub invalid { return $node->safe_psql('postgres', "SELECT string_agg(indexname, ' ' ORDER BY indexname COLLATE \"C\")
	FROM pg_safe_index_invalid") }

my %session;
sub session { my ($name) = @_; return $session{$name} //= Session->new($node, application => $name) }
sub release { my ($name) = @_; session($name)->run('COMMIT;') }

my %begin = (
	writer => 'BEGIN; INSERT INTO t VALUES (1000);',
	reader => 'BEGIN; SELECT count(*) FROM t;',
	snapshot => 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM other;');
sub hold { my ($name) = @_; session($name)->run($begin{ $name =~ s/_.*//r }) }

# Who has to be in the way for a command to wait in a phase, and in which order: each step is the phase to wait
# for, with who comes and who goes before the next.
my @into = (
	{   phase => 'waiting for writers before build',
		before => ['writer'], left => { create => 'new', reindex => 'old_ccnew' } },
	{   phase => 'waiting for writers before validation',
		before => ['writer'], at => 'waiting for writers before build', then => 'writer_2',
		left => { create => 'new', reindex => 'old_ccnew' } },
	{   phase => 'waiting for old snapshots',
		before => ['snapshot'], left => { create => 'new', reindex => 'old_ccnew' } },
	{   phase => 'waiting for readers before marking dead',
		before => ['reader'], left => { reindex => 'old_ccold' } },
	{   phase => 'waiting for readers before dropping',
		before => ['reader'], at => 'waiting for readers before marking dead', then => 'reader_2',
		left => { reindex => 'old_ccold' } });
my %command = (create => 'CREATE INDEX CONCURRENTLY new ON t (a);', reindex => 'REINDEX INDEX CONCURRENTLY old;',
	drop => 'DROP INDEX CONCURRENTLY old;');

# Brings a session into the phase; returns who is in its way there.
sub bring
{
	my ($builder, $kind, $into) = @_;
	hold($_) for @{ $into->{before} };
	$builder->send($command{$kind});
	$builder->wait_until_blocked($into->{at} // $into->{phase});
	return @{ $into->{before} } unless $into->{at};
	hold($into->{then});
	release($_) for @{ $into->{before} };
	$builder->wait_until_blocked($into->{phase});
	return $into->{then};
}

sub cancel { my ($s) = @_; $node->safe_psql('postgres', "SELECT pg_cancel_backend($s->{pid})") }

# Runs every "To drop it:" of a hint.
sub follow
{
	my ($error) = @_;
	$node->safe_psql('postgres', $_) for $error =~ /^(?:HINT:  )?To drop it(?: instead)?: (.*;)$/mg;
}

my $builder = session('builder');

# A cancel in each wait.
for my $kind ('create', 'reindex')
{
	for my $into (grep { $_->{left}{$kind} } @into)
	{
		my $name = "$kind cancelled, $into->{phase}";
		my $left = $into->{left}{$kind};
		fresh_table();
		my @in_the_way = bring($builder, $kind, $into);
		cancel($builder);
		my $error = $builder->finish;
		like($error, qr/\AERROR:  canceling statement due to user request\n/, "$name: the error keeps its message");
		like($error, qr/The failed command left index "$left" behind, marked invalid\.\n/, "$name: what is left");
		is(invalid(), $left, "$name: the view shows the same");
		release($_) for @in_the_way;
		follow($error);
		is(invalid(), '', "$name: the hint's command mends it");
		is($builder->run('SELECT count(*) FROM t WHERE a < 1000;'), '100', "$name: the session goes on");
	}
}

# ... with drop_failed_builds. Who holds the table is in the way of the drop, too, which waits here: 021 has how long it may.
$builder->run('SET pg_safe_index.drop_failed_builds = on; SET pg_safe_index.lock_timeout = 0;');
for my $kind ('create', 'reindex')
{
	for my $into (grep { $_->{left}{$kind} } @into)
	{
		my $name = "$kind cancelled, dropped, $into->{phase}";
		my $left = $into->{left}{$kind};
		fresh_table();
		my @in_the_way = bring($builder, $kind, $into);
		cancel($builder);
		if ($into->{phase} ne 'waiting for old snapshots')
		{
			$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_progress_create_index") or die;
			$builder->wait_until_blocked;
		}
		release($_) for @in_the_way;
		my $error = $builder->finish;
		like($error, qr/\AERROR:  canceling statement due to user request\n/, "$name: the error keeps its message");
		like($error, qr/Index "$left", which the failed command left behind, was dropped\./,
			"$name: the client is told");
		is(invalid(), '', "$name: nothing is left");
		is($builder->run('SELECT count(*) FROM t WHERE a < 1000;'), '100', "$name: the session goes on");
	}
}

# ... a second cancel ends the drop; a lock_timeout, a statement_timeout likewise.
for my $second ('cancel', 'lock_timeout', 'statement_timeout')
{
	fresh_table();
	bring($builder, 'create', $into[0]);
	if ($second eq 'cancel')
	{
		cancel($builder);
		$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_progress_create_index") or die;
		$builder->wait_until_blocked;
		cancel($builder);
	}
	else
	{
		release('writer');
		$builder->finish;
		fresh_table();
		hold('writer');
		$builder->run("SET $second = '1500ms';");
		$builder->send($command{create});
	}
	my $why = { cancel => 'user request', lock_timeout => 'lock timeout', statement_timeout => 'statement timeout' }
	  ->{$second};
	my $error = $builder->finish;
	like($error, qr/^ERROR:  canceling statement due to $why\n/m, "$second: the first error is the one raised");
	like($error, qr/The failed command left index "new" behind.*To drop it: DROP INDEX CONCURRENTLY IF EXISTS new;/s,
		"$second: the hint is there all the same");
	like($error, qr/It could not be dropped now: canceling statement due to $why\./,
		"$second: and why the drop failed");
	is(invalid(), 'new', "$second: it is left");
	$builder->run("RESET $second;") if $second ne 'cancel';
	release('writer');
	follow($error);
	is(invalid(), '', "$second: the hint's command mends it");
}
# ... but not what another session, which had been waiting for the table, has mended meanwhile.
fresh_table();
hold('writer');
$builder->send($command{create});
$builder->wait_until_blocked('waiting for writers before build');
session('mender')->send('REINDEX INDEX CONCURRENTLY new;');
session('mender')->wait_until_blocked;
cancel($builder);
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_progress_create_index WHERE pid = $session{mender}{pid}
	AND phase = 'waiting for writers before build'") or die;
$builder->wait_until_blocked;
release('writer');
is(session('mender')->finish, '', 'mended by another session meanwhile');
like($builder->finish, qr/user request\nHINT:  Index "new", which the failed command left behind, has been repaired or dropped by another session\./,
	'... the failed command leaves that alone, and says so');
is($node->safe_psql('postgres', q{SELECT indisvalid FROM pg_index WHERE indexrelid = 'new'::regclass}), 't', '... it is there, and valid');
$builder->run('RESET pg_safe_index.drop_failed_builds; RESET pg_safe_index.lock_timeout;');

# DROP INDEX CONCURRENTLY: before the index is dead it can be had back, after that not.
fresh_table();
hold('reader');
$builder->send($command{drop});
$builder->wait_until_blocked;
cancel($builder);
my $error = $builder->finish;
like($error, qr/left index "old" behind, marked invalid\.\nTo drop it: DROP INDEX CONCURRENTLY IF EXISTS old;\nTo rebuild it: REINDEX INDEX CONCURRENTLY old;/,
	'drop cancelled: the index can be had back');
release('reader');
$node->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY old');
is(invalid(), '', '... and is');
hold('reader');
$builder->send($command{drop});
$builder->wait_until_blocked;
hold('reader_2');
release('reader');
$node->poll_query_until('postgres', "SELECT NOT indislive FROM pg_index WHERE indexrelid = 'old'::regclass") or die;
$builder->wait_until_blocked;
cancel($builder);
$error = $builder->finish;
like($error, qr/left index "old" behind, marked invalid\.\nTo drop it: DROP INDEX CONCURRENTLY IF EXISTS old;(\nCONTEXT|\z)/,
	'drop cancelled once it is dead: it can only be dropped');
release('reader_2');
$error = $builder->run('CREATE INDEX CONCURRENTLY IF NOT EXISTS old ON t (a);');
like($error, qr/would skip index "old", which is invalid\nDETAIL:.*A drop of it did not finish.*\nHINT:  To drop it: DROP INDEX CONCURRENTLY IF EXISTS old;\nTo run it anyway: SET pg_safe_index\.mode = off; CREATE/,
	'IF NOT EXISTS says the same');
follow($error);
is(invalid(), '', 'the hint\'s command mends it');

# A duplicate key that appears during the build, and between build and validation.
fresh_table();
session('writer')->run('BEGIN; INSERT INTO t VALUES (7);');
$builder->send('CREATE UNIQUE INDEX CONCURRENTLY new ON t (a);');
$builder->wait_until_blocked('waiting for writers before build');
release('writer');
$error = $builder->finish;
like($error, qr/\AERROR:  could not create unique index "new"\nDETAIL:  Key \(a\)=\(7\) is duplicated\.\nHINT:  The failed command left index "new" behind, marked invalid\.\nRemove the duplicates, then: REINDEX INDEX CONCURRENTLY new;\nTo drop it instead: DROP INDEX CONCURRENTLY IF EXISTS new;/,
	'a duplicate key during the build');
$error =~ /Remove the duplicates, then: (.*;)$/m;
$node->safe_psql('postgres', 'DELETE FROM t WHERE ctid IN (SELECT max(ctid) FROM t WHERE a = 7)');
$node->safe_psql('postgres', $1);
is(invalid(), '', '... the duplicates are removed, then the command of the hint rebuilds it');
fresh_table();
session('writer')->run('BEGIN; INSERT INTO t VALUES (1000);');
$builder->send('CREATE UNIQUE INDEX CONCURRENTLY new ON t (a);');
$builder->wait_until_blocked('waiting for writers before build');
session('writer_2')->run('BEGIN; INSERT INTO t VALUES (7);');
release('writer');
$builder->wait_until_blocked('waiting for writers before validation');
release('writer_2');
$error = $builder->finish;
like($error, qr/\AERROR:  (could not create|duplicate key value violates) unique.*\nDETAIL:  Key \(a\)=\(7\).*\nHINT:  The failed command left index "new"/,
	'a duplicate key before the validation');
follow($error);
is(invalid(), '', '... mended');

# Deadlock: the writer wants the lock that the build holds. The build is the one to find out.
fresh_table();
session('writer')->run("SET deadlock_timeout = '1h'; BEGIN; INSERT INTO t VALUES (1000);");
$builder->run("SET deadlock_timeout = '3s';");
$builder->send($command{create});
$builder->wait_until_blocked('waiting for writers before build');
session('writer')->send('LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE;');
$error = $builder->finish;
like($error, qr/\AERROR:  deadlock detected\nDETAIL:  .*HINT:  See server log for query details\.\nThe failed command left index "new" behind/s,
	'deadlock: its own hint comes first');
session('writer')->finish;
release('writer');
follow($error);
is(invalid(), '', '... mended');
$builder->run('RESET deadlock_timeout;');

# Timeouts, and none while they are suspended. They leave a busy machine the time to come as far as the wait.
for my $timeout ('statement_timeout', 'lock_timeout')
{
	my $why = $timeout =~ s/_/ /r;
	fresh_table();
	hold('writer');
	$builder->run("SET $timeout = '1500ms';");
	$error = $builder->run($command{create});
	like($error, qr/^WARNING:  CREATE INDEX CONCURRENTLY may be interrupted by $timeout\nDETAIL:  In force: $timeout = 1500ms\./,
		"$timeout: told beforehand");
	like($error, qr/^ERROR:  canceling statement due to $why\nHINT:  The failed command left index "new"/m,
		"$timeout: what is left");
	follow($error) if release('writer') eq '';
	is(invalid(), '', "$timeout: mended");

	$builder->run('SET pg_safe_index.suspend_timeouts = on;');
	for my $kind ('create', 'reindex')
	{
		hold('writer');
		$builder->send($command{$kind});
		$builder->wait_until_blocked('waiting for writers before build');
		$node->poll_query_until('postgres', "SELECT clock_timestamp() > query_start + interval '2 s'
			FROM pg_stat_activity WHERE pid = $builder->{pid}") or die;
		release('writer');
		is($builder->finish, '', "$timeout suspended: $kind succeeds without a word");
	}
	hold('writer');
	$builder->send('CREATE INDEX CONCURRENTLY another ON t (a);');
	$builder->wait_until_blocked;
	cancel($builder);
	like($builder->finish, qr/user request.*left index "another"/s, "$timeout suspended: an error");
	$builder->send($timeout eq 'lock_timeout' ? 'DROP TABLE t;' : 'SELECT pg_sleep(60);');
	like($builder->finish, qr/ERROR:  canceling statement due to $why/, "$timeout is in force again");
	is($builder->run("SHOW $timeout;"), '1500ms', "$timeout shows its value");
	release('writer');
	$builder->run("RESET $timeout; RESET pg_safe_index.suspend_timeouts;");
}

SKIP:
{
	skip 'transaction_timeout: PostgreSQL 17 and later', 5 if $major < 17;
	fresh_table();
	hold('writer');
	my $victim = session('victim');
	$victim->run("SET transaction_timeout = '1500ms'; SET pg_safe_index.suspend_timeouts = on;");
	$victim->send($command{create});
	$victim->wait_until_blocked('waiting for writers before build');
	$node->poll_query_until('postgres', "SELECT clock_timestamp() > query_start + interval '2 s'
		FROM pg_stat_activity WHERE pid = $victim->{pid}") or die;
	release('writer');
	is($victim->finish, '', 'transaction_timeout suspended: it succeeds');
	is($victim->run('SHOW transaction_timeout;'), '1500ms', '... and shows its value');
	hold('writer');
	$victim->run('RESET pg_safe_index.suspend_timeouts;');
	$victim->send('CREATE INDEX CONCURRENTLY new_2 ON t (a);');
	my $said = $victim->wait_for(qr/connection to server was lost/);
	like($said, qr/WARNING:  CREATE INDEX CONCURRENTLY may be interrupted by transaction_timeout/,
		'transaction_timeout: told beforehand');
	like($said, qr/FATAL:  terminating connection due to transaction timeout/, '... it ends the session');
	delete $session{victim};
	release('writer');
	is(invalid(), 'new_2', '... and the view shows what is left');
}

# Another session is building it.
fresh_table();
hold('writer');
$builder->send($command{create});
$builder->wait_until_blocked('waiting for writers before build');
my $second = session('second');
$node->safe_psql('postgres', 'CREATE ROLE plain LOGIN');
like($second->run('CREATE INDEX CONCURRENTLY IF NOT EXISTS new ON t (a);'),
	qr/\AERROR:  CREATE INDEX CONCURRENTLY IF NOT EXISTS would skip index "new", which process $builder->{pid} is building at this moment\nDETAIL:  The index on table "t" is invalid until then, and stays so if that fails\.\nHINT:  Wait for it to end/,
	'being built: refused at once, with the pid');
is($node->safe_psql('postgres', 'SELECT indexname, building, pid FROM pg_safe_index_invalid', extra_params => [ '-U', 'plain' ]),
	"new|t|$builder->{pid}", 'being built: the view shows it to anybody');
release('writer');
is($builder->finish, '', 'being built: the build goes on');
like($second->run('CREATE INDEX CONCURRENTLY IF NOT EXISTS new ON t (a);'), qr/\ANOTICE:  relation "new" already exists/,
	'... and then there is nothing to refuse');
# ... rebuilding it, dropping it
for my $kind ('reindex', 'drop')
{
	fresh_table();
	hold('reader');
	$builder->send($command{$kind});
	$builder->wait_until_blocked;
	my $index = $kind eq 'drop' ? 'old' : 'old_ccold';
	like($second->run("CREATE INDEX IF NOT EXISTS $index ON t (a);"),
		qr/would skip index "$index", which process $builder->{pid} is rebuilding or dropping at this moment/, "by $kind: refused, with the pid");
	release('reader');
	is($builder->finish, '', "by $kind: it goes on");
}
# ... by a backend that does not tell what it does (track_activities)
fresh_table();
hold('writer');
$builder->run('SET track_activities = off;');
$builder->send($command{create});
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE pid = $builder->{pid} AND NOT granted") or die;
like($second->run('CREATE INDEX CONCURRENTLY IF NOT EXISTS new ON t (a);'),
	qr/would skip index "new", which is invalid\nDETAIL:.*Process $builder->{pid} holds a lock on the table as a concurrent build does, and may be building it\./,
	'a silent builder: the lock is told of');
release('writer');
$builder->finish;
$builder->run('SET track_activities = on;');
# ... a VACUUM is no builder
fresh_table();
session('holder')->run('BEGIN; ANALYZE t;');
$builder->run('SET statement_timeout = 0;');
$node->safe_psql('postgres', q{UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'old'::regclass});
like($second->run('CREATE INDEX IF NOT EXISTS old ON t (a);'), qr/would skip index "old", which is invalid\n/,
	'another holder of the lock: it is invalid all the same');
release('holder');

# Two sessions begin to build the same at once, the first fails: the second had to wait, and found an index.
fresh_table();
session('holder')->run('BEGIN; LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE;');
hold('writer');
$builder->send('CREATE INDEX CONCURRENTLY IF NOT EXISTS new ON t (a);');
$builder->wait_until_blocked;
$second->send('CREATE INDEX CONCURRENTLY IF NOT EXISTS new ON t (a);');
$second->wait_until_blocked;
my $third = session('third');
$third->send('CREATE INDEX CONCURRENTLY new ON t (a);');
$third->wait_until_blocked;
release('holder');
$builder->wait_until_blocked('waiting for writers before build');
cancel($builder);
like($builder->finish, qr/left index "new" behind/, 'two at once: the first is cancelled');
like($second->finish, qr/\ANOTICE:  relation "new" already exists, skipping\nERROR:  CREATE INDEX CONCURRENTLY IF NOT EXISTS would skip index "new", which is invalid/,
	'two at once: the second does not report success');
like($third->finish, qr/\AERROR:  relation "new" already exists\nHINT:  Index "new" on table "t" is invalid\./,
	'... a third, without IF NOT EXISTS, gets the hint');
release('writer');
follow('To drop it: DROP INDEX CONCURRENTLY IF EXISTS new;');

# The extended protocol: the plan of a prepared statement goes with the failed transaction.
fresh_table();
$node->safe_psql('postgres', 'INSERT INTO t VALUES (7)');
my $script = $node->basedir . '/unique.sql';
append_to_file($script, "CREATE UNIQUE INDEX CONCURRENTLY new ON t (a);\n");
for my $protocol ('extended', 'prepared')
{
	for my $drop ('off', 'on')
	{
		local $ENV{PGOPTIONS} = "-c pg_safe_index.drop_failed_builds=$drop";
		my ($out, $err);
		IPC::Run::run([ 'pgbench', '-n', '-t', '1', '-M', $protocol, '-f', $script, $node->connstr('postgres') ], '>', \$out, '2>', \$err);
		like($err, $drop eq 'on' ? qr/"new", which the failed command left behind, was dropped/ : qr/left index "new" behind/,
			"$protocol protocol, drop_failed_builds = $drop");
		is(invalid(), $drop eq 'on' ? '' : 'new', '... as it says');
		$node->safe_psql('postgres', 'DROP INDEX CONCURRENTLY IF EXISTS new');
	}
}

# pg_terminate_backend(), then SIGKILL and crash recovery.
fresh_table();
hold('writer');
my $victim = Session->new($node);
$victim->send($command{create});
$victim->wait_until_blocked('waiting for writers before build');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($victim->{pid})");
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $victim->{pid}") or die;
is($node->safe_psql('postgres', 'SELECT indexname, building FROM pg_safe_index_invalid'), 'new|f', 'terminated: the view shows what is left');
release('writer');
follow('To drop it: DROP INDEX CONCURRENTLY IF EXISTS new;');

fresh_table();
hold('writer');
$victim = Session->new($node);
$victim->send($command{create});
$victim->wait_until_blocked('waiting for writers before build');
# What was committed is to survive; the tests run without fsync, but the operating system goes on.
my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
kill 'KILL', $victim->{pid};
$victim->wait_for_end;
is((split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0], $postmaster, 'SIGKILL: the same postmaster');
like(slurp_file($node->logfile), qr/all server processes terminated; reinitializing/, 'SIGKILL: crash recovery');
is($node->safe_psql('postgres', 'SELECT schemaname, tablename, indexname, building, pid IS NULL, drop_command, reindex_command FROM pg_safe_index_invalid'),
	'public|t|new|f|t|DROP INDEX CONCURRENTLY IF EXISTS public.new;|REINDEX INDEX CONCURRENTLY public.new;', 'SIGKILL: the view shows what is left');
my ($code, $out, $err) = $node->psql('postgres', 'CREATE INDEX CONCURRENTLY IF NOT EXISTS new ON t (a)');
isnt($code, 0, 'SIGKILL: IF NOT EXISTS is refused');
like($err, qr/would skip index "new", which is invalid/, '... and says why');
$node->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY new');
is(invalid(), '', 'SIGKILL: mended');
is($node->safe_psql('postgres', q{SELECT indisvalid FROM pg_index WHERE indexrelid = 'new'::regclass}), 't', '... it is valid');

$node->stop;
done_testing();
