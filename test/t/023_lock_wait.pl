# Proves: a step of mode rewrite that does not get its lock within pg_safe_index.lock_timeout is tried again, with a pause outside
# a transaction; the client and the log are told who is in the way; after pg_safe_index.lock_attempts tries it ends with 55P03,
# without a lock, and the same command, sent again, goes on from there. An autovacuum does not stop a step, a client's shorter
# lock_timeout counts, statement_timeout and a cancel end the pause, and without a limit the step waits as PostgreSQL does.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $node = guarded_node('lock_wait', settings => q{
pg_safe_index.mode = rewrite
autovacuum_naptime = 1s
log_line_prefix = '%p %e '
});
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_safe_index;
	CREATE FOREIGN DATA WRAPPER nowhere;
	CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
	CREATE ROLE owner LOGIN; CREATE ROLE app LOGIN;
	GRANT CREATE, USAGE ON SCHEMA public TO owner;
	GRANT USAGE ON FOREIGN SERVER nowhere TO owner;
});

sub query { return $node->safe_psql('postgres', "SET client_min_messages = error; SET pg_safe_index.mode = off; $_[0]") }

# A table and three trees, as if nothing had happened.
sub new_tables
{
	query(q{
		DROP TABLE IF EXISTS t, tree, f, fresh;
		SET ROLE owner;
		CREATE TABLE t (a int NOT NULL, b int NOT NULL);
		INSERT INTO t SELECT n, n FROM generate_series(1, 1000) n;
		CREATE TABLE tree (a int NOT NULL, b int NOT NULL) PARTITION BY RANGE (a);
		CREATE TABLE tree_1 PARTITION OF tree FOR VALUES FROM (0) TO (1000);
		CREATE TABLE tree_2 PARTITION OF tree FOR VALUES FROM (1000) TO (2000);
		CREATE TABLE tree_rest PARTITION OF tree DEFAULT;
		INSERT INTO tree SELECT n, n FROM generate_series(1, 1999) n;
		CREATE INDEX tree_ba ON tree (b, a);
		CREATE INDEX tree_1_b ON tree_1 (b);
		CREATE TABLE fresh (LIKE tree);
		CREATE TABLE f (a int NOT NULL, b int NOT NULL) PARTITION BY RANGE (a);
		CREATE TABLE f_1 PARTITION OF f FOR VALUES FROM (0) TO (1000);
		CREATE FOREIGN TABLE f_2 PARTITION OF f FOR VALUES FROM (1000) TO (2000) SERVER nowhere;
		GRANT ALL ON t, tree, tree_1, tree_2, tree_rest, f, f_1 TO app;
	});
}
sub indexes
{
	return query(q{
		SELECT indrelid::regclass, indexrelid::regclass, inhparent::regclass, indisvalid, conname
		  FROM pg_index LEFT JOIN pg_inherits ON inhrelid = indexrelid LEFT JOIN pg_constraint ON conindid = indexrelid AND contype IN ('u', 'p')
		 WHERE indrelid IN (SELECT oid FROM pg_class WHERE relname ~ '^(t|tree(_.*)?|f(_.)?|fresh)$')
		 ORDER BY indrelid::regclass::text, indexrelid::regclass::text});
}

# A session that is idle in its transaction.
sub idle
{
	my ($sql) = @_;
	my $session = Session->new($node, user => 'app', application => 'idle one');
	$session->run("BEGIN; $sql;");
	return $session;
}
sub release { my ($session) = @_; $session->run('ROLLBACK;'); $session->quit }

# How many locks a process holds or waits for.
sub locks { my ($pid) = @_; return query("SELECT count(*) FROM pg_locks WHERE pid = $pid") }

# Every step that waits for a lock: a command, and what a session has sent that is in the way of that step.
my @steps = (
	[ 'ADD CONSTRAINT ... USING INDEX', 'ALTER TABLE t ADD CONSTRAINT u UNIQUE (b)', 'SELECT FROM t' ],
	[ 'ADD PRIMARY KEY USING INDEX', 'ALTER TABLE t ADD PRIMARY KEY (a)', 'SELECT FROM t' ],
	[ 'ADD CONSTRAINT on a partitioned table alone', 'ALTER TABLE tree ADD CONSTRAINT u UNIQUE (a)', 'SELECT FROM tree' ],
	[ 'ADD CONSTRAINT ... USING INDEX on a leaf', 'ALTER TABLE tree ADD CONSTRAINT u UNIQUE (a)', 'SELECT FROM tree_1' ],
	[ 'CREATE INDEX ON ONLY', 'CREATE INDEX ON tree (b)', 'UPDATE tree SET b = b WHERE a = 5' ],
	[ 'ALTER INDEX ... ATTACH PARTITION', 'CREATE INDEX ON tree (b)', 'SELECT FROM tree_1' ],
	[ 'ATTACH PARTITION', 'ALTER TABLE tree ATTACH PARTITION fresh FOR VALUES FROM (2000) TO (3000)', 'SELECT FROM tree_rest' ],
	[ 'DROP INDEX of a partitioned index', 'DROP INDEX tree_ba', 'SELECT FROM tree_2' ],
	[ 'the last command with a foreign partition', 'CREATE INDEX ON f (b)', 'INSERT INTO f_1 VALUES (1, 1)', 'f_1' ]);

my $few = q{SET pg_safe_index.lock_timeout = '20ms'; SET pg_safe_index.lock_attempts = 2;};
my $owner = Session->new($node, user => 'owner', set => "\\set VERBOSITY verbose\n$few");
for my $step (@steps)
{
	my ($name, $command, $in_the_way, $first) = @$step;
	new_tables();
	# The build on a leaf beside a foreign partition would wait for the writer, without a limit: it is there already.
	query("CREATE INDEX f_1_b_idx ON f_1 (b)") if $first;
	my $before = indexes();
	query($command);
	my $plain = indexes();
	new_tables();
	query("CREATE INDEX f_1_b_idx ON f_1 (b)") if $first;

	my $idle = idle($in_the_way);
	my $said = $owner->run("$command;");
	like($said, qr/ERROR:  55P03: /, "$name: 55P03");
	like($said, qr/NOTICE: .*ERROR: .*\b$idle->{pid}\b/s, "$name: the error says who is in the way");
	like($said, qr/NOTICE: .*\b$idle->{pid}\b.*ERROR: /s, "$name: so does a NOTICE, before");
	is(() = $said =~ /^NOTICE: .*\n?(?:DETAIL: .*)?\b$idle->{pid}\b/mg, 1, "$name: ... one");
	unlike($said, qr/\Q$in_the_way\E/, "$name: without a query that the role may not see");
	is(locks($owner->{pid}), '0', "$name: no lock is left");

	# What is done stays.
	my $left = indexes();
	is($left =~ /^t\|u\|\|t\|$/m ? 1 : 0, 1, "$name: the index that was built stays") if $command =~ /TABLE t ADD CONSTRAINT u/;
	release($idle);
	unlike($owner->run("$command;"), qr/ERROR/, "$name: sent again, it succeeds");
	is(indexes(), $plain, "$name: ... and leaves what the plain command leaves") or diag("before: $before\nafter the error: $left");
}

# Whoever may see it is shown the query.
new_tables();
my $idle = idle('SELECT FROM t');
query('GRANT pg_read_all_stats TO owner');
like($owner->run('ALTER TABLE t ADD UNIQUE (b);'), qr/NOTICE: .*: SELECT FROM t;/s, 'a role that may see the query is shown it');
query('REVOKE pg_read_all_stats FROM owner');
release($idle);

# It is tried until it succeeds.
new_tables();
$idle = idle('SELECT FROM t');
$owner->run(q{SET pg_safe_index.lock_attempts = 60;});
my $log = -s $node->logfile;
$owner->send('ALTER TABLE t ADD CONSTRAINT u UNIQUE (b);');
$owner->wait_for(qr/NOTICE: .*\b$idle->{pid}\b/s);
release($idle);
unlike($owner->finish, qr/ERROR/, 'once nobody is in the way, it succeeds');
is(() = slurp_file($node->logfile, $log) =~ /^$owner->{pid} 00000 LOG:  pg_safe_index got its locks at attempt \d+,/mg, 1, '... and the log has a line');
like(indexes(), qr/^t\|u\|\|t\|u$/m, '... and is complete');

# The pause, which is long after a long wait.
sub pausing
{
	my ($set) = @_;
	new_tables();
	$idle = idle('SELECT FROM t');
	$owner->run("SET pg_safe_index.lock_timeout = '1s'; $set");
	$owner->send('ALTER TABLE t ADD CONSTRAINT u UNIQUE (b);');
	$owner->wait_for(qr/NOTICE: .*\b$idle->{pid}\b/s);
}
pausing('');
ok($node->poll_query_until('postgres', "SELECT state = 'active' AND xact_start IS NULL AND backend_xmin IS NULL AND backend_xid IS NULL
	AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND locktype IN ('relation', 'virtualxid', 'transactionid'))
	FROM pg_stat_activity a WHERE pid = $owner->{pid}"), 'the pause is outside a transaction, without locks');
query("SELECT pg_cancel_backend($owner->{pid})");
like($owner->finish, qr/ERROR:  57014: canceling statement due to user request\nHINT: .* could not be dropped: it is marked invalid\.\n.*sent again, drops it and builds it again\./s,
	'a cancel ends the pause; the index cannot be dropped behind the idle session');
is(locks($owner->{pid}), '0', '... no lock is left');
like(indexes(), qr/^t\|u\|\|f\|$/m, '... and the index is invalid');
release($idle);
unlike($owner->run('ALTER TABLE t ADD CONSTRAINT u UNIQUE (b);'), qr/ERROR/, '... which the same command, sent again, builds again');
like(indexes(), qr/^t\|u\|\|t\|u$/m, '... for the constraint');

pausing("SET statement_timeout = '2s';");
like($owner->finish, qr/ERROR:  57014: canceling statement due to statement timeout/, 'statement_timeout ends the pause');
is(locks($owner->{pid}), '0', '... no lock is left');
$owner->run('RESET statement_timeout;');
release($idle);

# A session that is terminated in its pause leaves no lock either.
pausing('');
query("SELECT pg_terminate_backend($owner->{pid})");
$owner->wait_for_end;
is(locks($owner->{pid}), '0', 'nor after a termination');
release($idle);
$owner = Session->new($node, user => 'owner', set => "\\set VERBOSITY verbose");

# A default partition that is partitioned: its partitions are locked as well.
new_tables();
query(q{ALTER TABLE tree DETACH PARTITION tree_rest;
	SET ROLE owner; CREATE TABLE rest PARTITION OF tree DEFAULT PARTITION BY RANGE (a); ALTER TABLE rest ATTACH PARTITION tree_rest DEFAULT});
$idle = idle('SELECT FROM tree_rest');
like($owner->run(q{SET pg_safe_index.lock_timeout = '100ms'; SET pg_safe_index.lock_attempts = 1;
	ALTER TABLE tree ATTACH PARTITION fresh FOR VALUES FROM (2000) TO (3000);}),
	qr/ERROR:  55P03: could not get a lock on table "tree_rest" within 100 ms in 1 attempt\nDETAIL:  Process $idle->{pid} /, 'a partition of the default partition');
release($idle);

# PostgreSQL asks for no right on the partitions below.
new_tables();
query('ALTER TABLE tree_2 OWNER TO app; ALTER TABLE tree_rest OWNER TO app');
$idle = idle('SELECT FROM tree_2');
like($owner->run('DROP INDEX tree_ba;'), qr/ERROR:  55P03: could not get a lock on table "tree_2" within 100 ms in 1 attempt\nDETAIL:  Process $idle->{pid} /,
	'a partition that belongs to another role');
release($idle);
$idle = idle('SELECT FROM tree_rest');
like($owner->run('ALTER TABLE tree ATTACH PARTITION fresh FOR VALUES FROM (2000) TO (3000);'),
	qr/ERROR:  55P03: could not get a lock on table "tree_rest" within 100 ms in 1 attempt\nDETAIL:  Process $idle->{pid} /, 'so may the default partition');
release($idle);

# A foreign key is copied to the partition, and the table to which it points is locked.
new_tables();
query(q{CREATE TABLE referenced (a int PRIMARY KEY) PARTITION BY RANGE (a);
	CREATE TABLE referenced_1 PARTITION OF referenced DEFAULT;
	INSERT INTO referenced SELECT n FROM generate_series(1, 3000) n;
	ALTER TABLE tree ADD FOREIGN KEY (a) REFERENCES referenced; GRANT ALL ON referenced_1 TO app});
$idle = idle('DELETE FROM referenced_1 WHERE a = 0');
like($owner->run('ALTER TABLE tree ATTACH PARTITION fresh FOR VALUES FROM (2000) TO (3000);'),
	qr/ERROR:  55P03: could not get a lock on table "referenced_1" within 100 ms in 1 attempt\nDETAIL:  Process $idle->{pid} /, 'the table to which a foreign key points');
release($idle);
query('ALTER TABLE tree DROP CONSTRAINT tree_a_fkey; DROP TABLE referenced');

# A lock that is not among those taken beforehand, here that of a trigger: no other table is blamed.
new_tables();
query(q{
	CREATE TABLE elsewhere ();
	CREATE FUNCTION look() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN LOCK elsewhere; END';
	CREATE EVENT TRIGGER look ON ddl_command_start WHEN TAG IN ('DROP INDEX') EXECUTE FUNCTION look();
	GRANT ALL ON elsewhere TO owner, app;
});
$idle = idle('SELECT FROM elsewhere');
like($owner->run('DROP INDEX tree_ba;'),
	qr/ERROR:  55P03: could not get a lock that "DROP INDEX [a-z.]*tree_ba;" needs within 100 ms in 1 attempt\nHINT/, 'a lock that nobody knows of');
release($idle);
query('DROP EVENT TRIGGER look; DROP TABLE elsewhere');
$owner->run('RESET pg_safe_index.lock_timeout; RESET pg_safe_index.lock_attempts;');

# Whoever has locked a partition can query it, although its index waits to be attached. The second attempt comes after that lock.
new_tables();
$idle = idle('SELECT FROM tree_1');
$owner->run(q{SET pg_safe_index.lock_timeout = '1s';});
$owner->send('CREATE INDEX ON tree (b);');
$owner->wait_for(qr/NOTICE: .*\b$idle->{pid}\b/s);
my $admin = Session->new($node, set => q{SET deadlock_timeout = '20ms'; BEGIN;});
release($idle);
$admin->run('LOCK TABLE ONLY tree_1;');
$owner->wait_until_blocked;
unlike($admin->run('SELECT FROM tree_1 LIMIT 0;'), qr/ERROR/, 'no deadlock with a session that has locked the partition');
release($admin);
unlike($owner->finish, qr/ERROR/, '... and the index is attached');

# The table is dropped while its rewrite waits for it, between the leaves and the client's command.
new_tables();
query(q{CREATE TABLE f_3 PARTITION OF f FOR VALUES FROM (2000) TO (3000); CREATE TABLE f_4 PARTITION OF f FOR VALUES FROM (3000) TO (4000);
	ALTER TABLE f_3 OWNER TO owner; ALTER TABLE f_4 OWNER TO owner;
	CREATE INDEX ON f_1 (b); CREATE INDEX ON f_3 (b); CREATE INDEX ON f_4 (b)});
my $leaf = Session->new($node, set => 'SET pg_safe_index.mode = off;');
my $dropper = Session->new($node, set => 'SET pg_safe_index.mode = off;');
$leaf->run('BEGIN; LOCK TABLE ONLY f_3;');
$owner->send('CREATE INDEX ON f (b);');
$owner->wait_until_blocked;
$dropper->send('BEGIN; LOCK TABLE ONLY f;');
$dropper->wait_until_blocked;
$leaf->run('ROLLBACK;');
$dropper->finish;
$owner->wait_until_blocked;
$dropper->run('DROP TABLE f; COMMIT;');
like($owner->finish, qr/ERROR:  42P01: the table was dropped while the index was built/, 'the table is dropped meanwhile');
$_->quit for $leaf, $dropper;

# With a wait of an hour the test would not end.
new_tables();
$idle = idle('SELECT FROM t');
like($owner->run(q{SET pg_safe_index.lock_timeout = '1h'; SET pg_safe_index.lock_attempts = 2; SET lock_timeout = '20ms';
	ALTER TABLE t ADD CONSTRAINT u UNIQUE (b);}), qr/ERROR:  55P03: /, "a client's shorter lock_timeout counts");
is($owner->run('SHOW lock_timeout;'), '20ms', '... and is as it was');
$owner->run('RESET lock_timeout;');
is($owner->run('SHOW deadlock_timeout;'), '1s', 'deadlock_timeout is as it was');

# Longer than any wait above, and one try.
$owner->run('SET pg_safe_index.lock_timeout = 0; SET pg_safe_index.lock_attempts = 1;');
$owner->send('ALTER TABLE t ADD CONSTRAINT u UNIQUE (b);');
$owner->wait_until_blocked;
sleep 2;
is(query("SELECT wait_event_type FROM pg_stat_activity WHERE pid = $owner->{pid}"), 'Lock', 'lock_timeout = 0: it waits without a limit');
release($idle);
unlike($owner->finish, qr/ERROR/, '... and succeeds');

# Nor has the drop of the index after a statement_timeout a limit then, but the same timeout.
new_tables();
$idle = idle('SELECT FROM t');
like($owner->run(q{SET statement_timeout = '1s'; ALTER TABLE t ADD CONSTRAINT u UNIQUE (b);}),
	qr/ERROR:  57014: canceling statement due to statement timeout\nHINT: .* could not be dropped/s, 'lock_timeout = 0: statement_timeout ends the drop as well');
$owner->run('RESET statement_timeout;');
release($idle);

# An autovacuum that takes long. The deadlock check, which cancels it, has to come before the wait is over; the next autovacuum
# may have begun by the next try.
new_tables();
query(q{
	ALTER TABLE tree_rest SET (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_threshold = 1,
		autovacuum_vacuum_scale_factor = 0);
});
query(q{INSERT INTO tree SELECT n, n FROM generate_series(3000, 103000) n; DELETE FROM tree_rest WHERE a % 2 = 0});
for my $command ('ALTER TABLE tree ATTACH PARTITION fresh FOR VALUES FROM (2000) TO (3000)', 'DROP INDEX tree_ba')
{
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_progress_vacuum WHERE relid = 'tree_rest'::regclass") or die;
	$log = -s $node->logfile;
	unlike($owner->run("SET pg_safe_index.lock_timeout = '500ms'; SET pg_safe_index.lock_attempts = 3; $command;"), qr/ERROR/,
		"an autovacuum does not stop $command");
	like(slurp_file($node->logfile, $log), qr/canceling autovacuum task/, '... which was in the way');
}

unlike(slurp_file($node->logfile), qr/still active|not closed|leaked|PANIC|TRAP|XX000/, 'nothing in the log');
$owner->quit;
$node->stop;
done_testing();
