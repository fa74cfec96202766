# Proves: whatever ends a COMMIT with postponed index commands, and at whatever moment (pg_cancel_backend,
# pg_terminate_backend, SIGKILL and crash recovery, statement_timeout), the transaction is committed as a whole or not at
# all. If it is not, no index has changed. If it is, every postponed command has been run, or the client or the server's log
# names it, and it succeeds when it is sent by hand. Nothing of it is left in the session.
# And: many such transactions in one session, with failures in some of them, leave no memory behind.
# PSI_SEED repeats a run, PSI_ROUNDS makes it longer; PSI_MEMORY_ROUNDS likewise for the memory.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use List::Util qw(shuffle sum0);
use PostgreSQL::Test::Utils;
use Session;
use Test::More;
use Time::HiRes qw(usleep time);

my $seed = $ENV{PSI_SEED} // int(rand(1_000_000));
my $rounds = $ENV{PSI_ROUNDS} // 36;
my $memory_rounds = $ENV{PSI_MEMORY_ROUNDS} // 100;
srand($seed);
note("PSI_SEED=$seed");

# %e: an internal error is known by its SQLSTATE. psi_probe does before each commit what other modules may do then.
my $node = guarded_node('postponed', libraries => 'pg_safe_index, psi_probe', settings => q{
psi_probe.read_at_commit = on
pg_safe_index.mode = rewrite
pg_safe_index.in_transaction = postpone
autovacuum = off
restart_after_crash = on
log_statement = none
log_line_prefix = '%m [%p] %e '
});
# Locks 7 and 8 are taken in the middle of a build and at the end of a transaction: whoever holds one of them stops the other
# session there. A build on "u" has a parallel worker.
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_safe_index;
	SET pg_safe_index.mode = off;
	CREATE TABLE row_1 (n int);
	CREATE TABLE row_2 (n int);
	CREATE TABLE t (b int NOT NULL, c text);
	INSERT INTO t SELECT n, n::text FROM generate_series(1, 100000) n;
	CREATE TABLE u (b int NOT NULL, c text) WITH (parallel_workers = 1);
	INSERT INTO u TABLE t;
	CREATE FUNCTION held(b int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
		'BEGIN IF b = 50000 THEN PERFORM pg_advisory_xact_lock_shared(7); END IF; RETURN b % 1000; END';
	CREATE FUNCTION held_at_commit() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN PERFORM pg_advisory_xact_lock_shared(8); RETURN NULL; END';
	CREATE CONSTRAINT TRIGGER held_at_commit AFTER INSERT ON row_1 DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION held_at_commit();
});

sub query { return $node->safe_psql('postgres', $_[0]) }

# What the other session does so that COMMIT waits, and what lets it go on. The commit itself waits, or the build: for a
# transaction that writes to the table, in the middle, or for an older snapshot.
my %holds = (
	commit => { begin => 'SELECT pg_advisory_lock(8);', end => 'SELECT pg_advisory_unlock(8);' },
	writer => { begin => 'BEGIN; LOCK TABLE t IN ROW EXCLUSIVE MODE;', end => 'ROLLBACK;' },
	middle => { begin => 'SELECT pg_advisory_lock(7);', end => 'SELECT pg_advisory_unlock(7);' },
	snapshot => { begin => 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM row_2 LIMIT 0;', end => 'ROLLBACK;' });

# The indexes that a command is about: named so, with this in the definition.
sub create { return { sql => $_[0], index => $_[1], like => $_[2], there => 1 } }
sub drop { return { sql => $_[0], index => $_[1], like => $_[2], there => 0 } }

my $known = q{'one', 'two', 'three', 'old_t', 'old_u', 'u_b_idx'};

# Every index of the tables as it is now.
sub indexes
{
	return query(q{SELECT pg_get_indexdef(indexrelid), indisvalid, indisready, indislive FROM pg_index
		WHERE indrelid IN ('t'::regclass, 'u'::regclass) ORDER BY 1});
}

# Has the command been run?
sub is_done
{
	my ($step) = @_;
	my $where = "indexrelid = to_regclass('$step->{index}') AND pg_get_indexdef(indexrelid) LIKE '%$step->{like}'";
	return query($step->{there}
		  ? "SELECT EXISTS (SELECT FROM pg_index WHERE $where AND indisvalid AND indisready AND indislive)"
		  : "SELECT NOT EXISTS (SELECT FROM pg_index WHERE $where)") eq 't';
}

sub clean_up
{
	$node->safe_psql('postgres', q{SET client_min_messages = error; SET pg_safe_index.mode = off;
		SELECT format('DROP INDEX %s', indexrelid::regclass) FROM pg_index
		 WHERE indrelid IN ('t'::regclass, 'u'::regclass) \gexec
		CREATE INDEX old_t ON t (b);
		CREATE INDEX old_u ON u (b);});
}

# A transaction: commands at random, and savepoints around them. "chain": it is to end in COMMIT AND CHAIN.
sub transaction
{
	my ($number, $chain) = @_;
	my @pool = (
		[ create('CREATE INDEX two ON u (lower(c), b DESC) WHERE b > 5', 'two', '(lower(c), b DESC) WHERE (b > 5)') ],
		[ create('CREATE INDEX CONCURRENTLY IF NOT EXISTS three ON t (c)', 'three', '(c)') ],
		[ create('CREATE INDEX ON u (b)', 'u_b_idx', '(b)') ],
		[ drop('DROP INDEX old_u', 'old_u', '(b)') ],
		[ drop('DROP INDEX CONCURRENTLY old_t', 'old_t', '(b)') ],
		[ drop('DROP INDEX old_t', 'old_t', '(b)'), create('CREATE INDEX old_t ON t (b, c)', 'old_t', '(b, c)') ]);
	# Always this one, since it can be stopped. Either of the last two, not both.
	splice @pool, 4 + int(rand(2)), 1;
	my @groups = shuffle [ create('CREATE INDEX one ON t (held(b))', 'one', '(held(b))') ],
	  (shuffle @pool)[ 0 .. int(rand(4)) - 1 ];
	my @steps = map { @$_ } @groups;
	my @sql = map { $_->{sql} } @steps;
	my $forgotten = 0;
	my $at = int(rand(@sql + 1));
	my $kind = int(rand(6));
	if ($kind == 1) { splice @sql, $at, 0, 'SAVEPOINT s', 'RELEASE s' }
	elsif ($kind == 2)
	{
		push @sql, 'RELEASE s';
		splice @sql, $at, 0, 'SAVEPOINT s';
	}
	elsif ($kind == 3) { splice @sql, $at, 0, 'SAVEPOINT s' }
	elsif ($kind == 4)
	{
		push @sql, 'SAVEPOINT r', 'INSERT INTO row_2 VALUES (0)';
		splice @sql, $at, 0, 'SAVEPOINT s';
	}
	elsif ($kind == 5)
	{
		$forgotten = 1;
		# In one piece: no row is to be inserted in between.
		splice @sql, $at, 0, "SAVEPOINT s;\nCREATE INDEX four ON u (c);\nROLLBACK TO s";
	}
	# What else a commit has to do, in the transaction or in a savepoint.
	my @others = ('DECLARE k CURSOR WITH HOLD FOR SELECT b FROM t LIMIT 10', 'DECLARE o CURSOR FOR SELECT b FROM t', 'NOTIFY n',
		'CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT 1', q{SET LOCAL maintenance_work_mem = '2MB'}, 'SET LOCAL search_path = pg_temp, public');
	splice @sql, int(rand(@sql + 1)), 0, (shuffle @others)[ 0 .. int(rand(4)) - 1 ];
	splice @sql, int(rand(@sql + 1)), 0, "INSERT INTO row_1 VALUES ($number), ($number)";
	splice @sql, int(rand(@sql + 1)), 0, "INSERT INTO t VALUES (-$number, 'n')";
	push @sql, "INSERT INTO row_2 VALUES ($number)";
	return { sql => join(";\n", 'BEGIN', @sql), steps => \@steps, postponed => @steps + $forgotten,
		end => $chain ? 'COMMIT AND CHAIN' : 'COMMIT' };
}

my $log_read = 0;
# The lines of one backend since the last time.
sub log_of
{
	my ($pid) = @_;
	my $text = substr(slurp_file($node->logfile), $log_read);
	return map { /\[$pid\] \S+ LOG:  postponed until after COMMIT: (.*)/ ? $1 : () } split /\n/, $text;
}
sub forget_log { $log_read = -s $node->logfile }

sub new_session
{
	return Session->new($node, set => "\\set VERBOSITY verbose\nSET client_min_messages = warning;");
}

# Sends the COMMIT, and interrupts it. Returns what the client was told, whether COMMIT returned without an error, and whether
# it is certain that it was interrupted where the other session stopped it.
sub interrupted
{
	my ($session, $transaction, $way, $hold, $within) = @_;
	my $holder;
	if ($hold)
	{
		$holder = Session->new($node);
		$holder->run($holds{$hold}{begin});
	}
	my $release = sub { $holder->send($holds{$hold}{end}) if $holder };
	if ($way eq 'statement_timeout')
	{
		# With LOCAL it is not set any more after the commit, but the timer of the COMMIT runs.
		my $local = int(rand(2)) ? 'LOCAL ' : '';
		my $ms = $hold ? 600 : 10 + int(rand($within * 1000));
		$session->send("SET ${local}statement_timeout = $ms;\n$transaction->{end};");
	}
	else { $session->send("$transaction->{end};") }
	if ($hold && $way ne 'statement_timeout') { $session->wait_until_blocked }
	elsif ($way ne 'statement_timeout') { usleep(int(rand($within * 1_000_000))) }
	# Sometimes what it waits for ends at the same moment.
	my $released = $hold && $way ne 'statement_timeout' && int(rand(3)) == 0;
	$release->() if $released;
	if ($way eq 'SIGKILL') { kill 'KILL', $session->{pid} }
	elsif ($way ne 'statement_timeout') { query("SELECT pg_${way}_backend($session->{pid})") }

	my $stays = $way eq 'cancel' || $way eq 'statement_timeout';
	my $said = $stays ? $session->finish : $session->wait_for_end;
	# psql ends when it has lost its server.
	my $returned = $session->{out} =~ /^done $session->{sent}$/m;
	if ($holder)
	{
		$release->() if !$released && $way ne 'SIGKILL';
		eval { $holder->quit };
	}
	return ($said, $returned && $said !~ /^ERROR:/m, $hold && $way ne 'statement_timeout' && !$released);
}

# The session goes on as if nothing had been postponed.
sub check_session
{
	my ($session, $transaction, $returned, $name) = @_;
	my $pid = $session->{pid};
	# It may be too short for the command that resets it.
	for (1 .. 10) { last if $session->run('RESET statement_timeout;') eq '' }
	my $in_block = $returned && $transaction->{end} =~ /CHAIN/;
	my $ended = $session->run('COMMIT;');
	is($ended =~ /there is no transaction in progress/ ? 0 : 1, $in_block ? 1 : 0, "$name: a transaction block, or none") || diag($ended);
	my @before = log_of($pid);
	is($session->run('BEGIN; INSERT INTO row_2 VALUES (0); COMMIT;'), '', "$name: the next transaction");
	is(scalar(log_of($pid)), scalar(@before), "$name: nothing is postponed in it");
	is($session->run(q{SELECT string_agg(setting || ' ' || source, ', ' ORDER BY name) FROM pg_settings
			WHERE name IN ('search_path', 'maintenance_work_mem', 'default_tablespace', 'lock_timeout');}),
		' default, 0 default, 65536 default, "$user", public default', "$name: the settings are as before");
	is($session->run(q{SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'pg_safe_index%';}), '0', "$name: no memory is kept");
	is(query("SELECT count(*) FROM pg_locks WHERE pid = $pid"), '0', "$name: no lock is kept");
}

# Sends a command that has not been run, as the error or the log has it.
sub run_by_hand
{
	my ($session, $command, $step, $name) = @_;
	my $error = $session ? $session->run($command) : ($node->psql('postgres', "SET client_min_messages = warning; $command"))[2];
	is($error // '', '', "$name: by hand: $command");
	ok(is_done($step), "$name: it is done: $command") || diag(indexes());
}

# The checks after a round. Returns 1 if the interruption met something.
sub check
{
	my ($session, $transaction, $number, $way, $hold, $before, $said, $returned, $stopped, $name) = @_;
	my @steps = @{ $transaction->{steps} };
	my $rows = query("SELECT (SELECT count(*) FROM row_1 WHERE n = $number), (SELECT count(*) FROM row_2 WHERE n = $number),
		(SELECT count(*) FROM t WHERE b = -$number)");
	like($rows, qr/^(2\|1\|1|0\|0\|0)$/, "$name: all of the rows, or none");
	my $committed = $rows eq '2|1|1';
	my @done = map { is_done($_) } @steps;
	my $stays = $way eq 'cancel' || $way eq 'statement_timeout';
	my $but = $said =~ /^ERROR:  55000: transaction is committed, but /m;

	# In the order in which they were sent, with the one that was rolled back.
	my @logged = log_of($session->{pid});
	is(scalar(@logged), $transaction->{postponed}, "$name: each postponed command is in the log") || diag(@logged);
	@logged = grep { !/ four / } @logged;

	my @told;
	if ($returned)
	{
		ok($committed, "$name: it returned, and so is committed");
		is("@done", join(' ', map { 1 } @steps), "$name: it returned, and so everything is done");
	}
	elsif ($stays)
	{
		is($committed ? 1 : 0, $but ? 1 : 0, "$name: the error says whether it is committed") || diag($said);
		like($said, qr/^ERROR:  57014: /m, "$name: PostgreSQL's own error") if !$but;
		like($said, qr/^DETAIL:  .*\(SQLSTATE 57014\)$/m, "$name: the SQLSTATE") if $but;
		@told = $said =~ /^((?:CREATE|DROP) INDEX CONCURRENTLY .*;)$/mg if $but;
	}

	if (!$committed)
	{
		is(indexes(), $before, "$name: not committed, and so no index has changed");
		isnt($said, '', "$name: the client knows") if $stays;
	}
	elsif ($but)
	{
		# The last commands in their order, from the one that failed.
		my $first = @logged - @told;
		is(join("\n", @told), join("\n", @logged[ $first .. $#logged ]), "$name: the commands that the error lists") || diag($said);
		is(join(' ', map { $done[$_] ? 1 : 0 } 0 .. $first - 1), join(' ', map { 1 } 0 .. $first - 1), "$name: what it does not list is done");
		is(join(' ', map { $done[$_] ? 1 : 0 } $first + 1 .. $#steps), join(' ', map { 0 } $first + 1 .. $#steps),
			"$name: nothing after the one that failed has been run");
		my @unnamed = grep { $said !~ /\b$_\b/ } split /\n/, query('SELECT indexname FROM pg_safe_index_invalid WHERE NOT building');
		is("@unnamed", '', "$name: the error names what is left") || diag($said);
	}
	if ($stopped)
	{
		ok(!$returned, "$name: it was interrupted");
		is($committed ? 1 : 0, $hold eq 'commit' ? 0 : 1, "$name: before the commit, or after it");
	}
	is(query("SELECT string_agg(indexname, ' ' ORDER BY indexname) FROM pg_safe_index_invalid WHERE NOT building"),
		query("SELECT string_agg(indexrelid::regclass::text, ' ' ORDER BY indexrelid::regclass::text) FROM pg_index WHERE NOT indisvalid"),
		"$name: the view names what is invalid");
	is(query("SELECT count(*) FROM pg_index WHERE indrelid IN ('t'::regclass, 'u'::regclass)
			AND indexrelid::regclass::text NOT IN ($known)"), '0', "$name: no other index") || diag(indexes());
	check_session($session, $transaction, $returned, $name) if $stays;
	return $returned ? 0 : 1 if !$committed;

	for my $i (grep { !$done[$_] } 0 .. $#steps)
	{
		run_by_hand($stays && $session, $logged[$i], $steps[$i], $name);
	}
	is(query('SELECT count(*) FROM pg_safe_index_invalid'), '0', "$name: nothing is invalid in the end");
	return $returned ? 0 : 1;
}

# How long such a COMMIT takes, undisturbed.
my $longest = 0;
for my $number (1_000_001 .. 1_000_004)
{
	clean_up();
	my $transaction = transaction($number, 0);
	my $session = new_session();
	is($session->run("$transaction->{sql};"), '', 'undisturbed: no error');
	my $begun = time;
	is($session->run('COMMIT;'), '', 'undisturbed: COMMIT');
	$longest = time - $begun if time - $begun > $longest;
	is(join(' ', map { is_done($_) ? 1 : 0 } @{ $transaction->{steps} }), join(' ', map { 1 } @{ $transaction->{steps} }), 'undisturbed: done');
	$session->quit;
}

my %hits;
my $kills = 0;
my @holds = ('', 'commit', '', 'writer', '', 'middle', '', 'snapshot', '');
my $number = 0;
for my $round (0 .. $rounds - 1)
{
	# Each way with each of them.
	my $way = ('cancel', 'terminate', 'SIGKILL', 'statement_timeout')[ $round % 4 ];
	my $hold = $holds[ ($round / 4) % @holds ];
	my $within = $longest;
	# Until it has met the COMMIT, some times at most.
	for my $attempt (1 .. 6)
	{
		clean_up();
		forget_log();
		$number++;
		my $before = indexes();
		my $transaction = transaction($number, int(rand(4)) == 0);
		my $name = "$round.$attempt: $way" . ($hold && ", $hold");
		my $session = new_session();
		is($session->run("$transaction->{sql};"), '', "$name: no error before COMMIT");
		my ($said, $returned, $stopped) = interrupted($session, $transaction, $way, $hold, $within);
		$kills++ if $way eq 'SIGKILL';
		my $failed = grep { !$_->{ok} } Test::More->builder->details;
		my $hit = check($session, $transaction, $number, $way, $hold, $before, $said, $returned, $stopped, $name);
		diag("$transaction->{sql};\n$transaction->{end};\n$said") if $failed < grep { !$_->{ok} } Test::More->builder->details;
		$session->quit if $way eq 'cancel' || $way eq 'statement_timeout';
		$hits{$way}++ if $hit;
		last if $hit;
		$within *= 0.6;
	}
}
note(join ', ', map { "$_: $hits{$_}" } sort keys %hits);
cmp_ok(sum0(values %hits), '>=', 30, 'interruptions that met the COMMIT') if $rounds >= 36;

# Memory. Each of these is a round; the error that the client gets, if any.
my @kinds = (
	[ 'BEGIN; CREATE INDEX i ON m (a); SAVEPOINT s; DROP INDEX m_old; COMMIT' ],
	[ 'BEGIN; CREATE INDEX i ON m (a); SAVEPOINT s; DROP INDEX i; COMMIT' ],
	[ 'BEGIN; CREATE INDEX i ON m (a); SAVEPOINT s; CREATE INDEX j ON m ((1 / (a - 5))); DROP INDEX m_old; COMMIT', 'transaction is committed, but' ],
	[ 'BEGIN; CREATE INDEX i ON m (a); SAVEPOINT s; CREATE INDEX j ON m (b); ROLLBACK TO s; CREATE INDEX j ON m (c); RELEASE s; ROLLBACK' ],
	[ 'BEGIN; CREATE INDEX i ON m (c); SAVEPOINT s; ALTER INDEX m_old RENAME TO i; COMMIT', 'relation "i" already exists' ],
	[ 'BEGIN; CREATE INDEX i ON m (c); SAVEPOINT s; SET LOCAL ROLE pg_monitor; COMMIT', 'can only be run by role' ],
	[ 'BEGIN; CREATE INDEX i ON m (a); SAVEPOINT s; SELECT 1 / 0; COMMIT', 'division by zero' ],
	[ 'BEGIN; CREATE INDEX i ON m (a); COMMIT AND CHAIN; CREATE INDEX j ON m (b); COMMIT' ],
	[ 'BEGIN; CREATE INDEX j ON m ((1 / (a - 5))); COMMIT AND CHAIN', 'transaction is committed, but' ],
	[ q{BEGIN; CREATE INDEX i ON m (a); SAVEPOINT s; PREPARE TRANSACTION 'p'}, 'cannot PREPARE' ],
	[ 'BEGIN; SAVEPOINT s; DROP INDEX m_old; CREATE INDEX m_old ON m (b, c); COMMIT' ],
	[ 'BEGIN; CREATE INDEX i ON m (a); SAVEPOINT s; COMMIT AND CHAIN; CREATE INDEX j ON m (b); SAVEPOINT s; DROP INDEX i; COMMIT AND CHAIN; ROLLBACK' ]);
$node->safe_psql('postgres', q{
	CREATE TABLE m (a int NOT NULL, b int, c int);
	INSERT INTO m SELECT n, n, n FROM generate_series(1, 100) n;
});

my $rounds_sent = 0;
my %expected;
sub memory_rounds
{
	my ($count) = @_;
	my $script = '';
	for (1 .. $count)
	{
		my ($sql, $error) = @{ $kinds[ $rounds_sent++ % @kinds ] };
		$expected{$error}++ if defined $error;
		$script .= "SET pg_safe_index.mode = off; DROP INDEX IF EXISTS i, j, m_old; CREATE INDEX m_old ON m (b); RESET pg_safe_index.mode;\n$sql;\n";
	}
	return $script;
}
# A database has a schema for the temporary tables of a backend once one was committed there. Until then each check of a command
# on a temporary copy makes one and rolls it back, and PostgreSQL keeps what it has not found for it (pg_default_acl, 150 bytes).
my $used = q{SELECT sum(used_bytes) FROM pg_backend_memory_contexts;};
my ($code, $out, $err) = $node->psql('postgres', join("\n", 'SET client_min_messages = error; CREATE TEMP TABLE x ();', memory_rounds(20), $used,
		memory_rounds($memory_rounds), $used, q{SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'pg_safe_index%';}),
	on_error_stop => 0);
is($code, 0, "$memory_rounds transactions in one session");
is(scalar(() = $err =~ /ERROR:  .*\Q$_\E/g), $expected{$_}, "memory: as many of this error: $_") for sort keys %expected;
is(scalar(() = $err =~ /ERROR:  /g), sum0(values %expected), 'memory: no other error');
unlike($err, qr/^CREATE INDEX CONCURRENTLY i /m, 'memory: what was done before the failure is not listed');
like($err, qr/^CREATE INDEX CONCURRENTLY j .*\nDROP INDEX CONCURRENTLY m_old;/m, 'memory: what comes after it is listed');
my ($warm, $end, $contexts) = split /\n/, $out;
note("memory: $warm bytes after 20 transactions, $end after $memory_rounds more");
cmp_ok($end - $warm, '<', 65536, "memory: $memory_rounds transactions keep less than 64 kB");
is($contexts, '0', 'memory: no memory context of ours is left');

# The server's log: no internal error, nothing that was not closed, no crash but those of this test, and no warning that this
# test does not ask for.
my $log = slurp_file($node->logfile);
unlike($log, qr/still active|not closed|leak|PANIC|TRAP|\] XX|SQLSTATE XX/, 'nothing in the log');
is(scalar(() = $log =~ /was terminated by signal/g), $kills, 'no crash but those of this test');
is(scalar(() = $log =~ /was terminated by signal 9/g), $kills, 'all of them by SIGKILL');
my @warnings = grep { !/statement_timeout|terminating connection because of crash|there is no transaction in progress/ } $log =~ /WARNING:  (.*)/g;
is("@warnings", '', 'no other warning');

$node->stop;
done_testing();
