# Proves: two sessions that send the same command in mode rewrite, at any moment, leave what one plain command leaves (without a
# name also what two leave, if the second came when the first had ended), and the other session is told what PostgreSQL would say,
# or that the first is at it; two different commands on one table at once both succeed, and leave what they leave one after the
# other. On plain tables, partitioned ones, and partitioned ones with a foreign partition.
# PSI_SEED repeats a run, PSI_ROUNDS makes it longer.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;
use Time::HiRes qw(usleep time);

my $seed = $ENV{PSI_SEED} // int(rand(1_000_000));
my $rounds = $ENV{PSI_ROUNDS} // 20;
srand($seed);
note("PSI_SEED=$seed");

# With a short wait for locks the pauses between two tries are short.
my $node = guarded_node('same_rewrite', settings => q{
autovacuum = off
log_min_messages = warning
pg_safe_index.lock_timeout = '20ms'
});
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_safe_index;
	CREATE FOREIGN DATA WRAPPER nowhere;
	CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
});

my %make = (
	plain => q{CREATE TABLE t (a int NOT NULL, b int NOT NULL)},
	tree => q{CREATE TABLE t (a int NOT NULL, b int NOT NULL) PARTITION BY RANGE (a);
		CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (1000);
		CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (1000) TO (2000);
		CREATE TABLE t_3 PARTITION OF t FOR VALUES FROM (2000) TO (4000) PARTITION BY RANGE (a);
		CREATE TABLE t_3_1 PARTITION OF t_3 FOR VALUES FROM (2000) TO (3000);
		CREATE TABLE t_3_2 PARTITION OF t_3 FOR VALUES FROM (3000) TO (4000)},
	'tree with a foreign leaf' => q{CREATE TABLE t (a int NOT NULL, b int NOT NULL) PARTITION BY RANGE (a);
		CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (2000);
		CREATE FOREIGN TABLE t_2 PARTITION OF t FOR VALUES FROM (5000) TO (6000) SERVER nowhere;
		CREATE TABLE t_3 PARTITION OF t FOR VALUES FROM (2000) TO (4000) PARTITION BY RANGE (a);
		CREATE TABLE t_3_1 PARTITION OF t_3 FOR VALUES FROM (2000) TO (3000);
		CREATE TABLE t_3_2 PARTITION OF t_3 FOR VALUES FROM (3000) TO (4000)});
my $rows = 'INSERT INTO t SELECT n, n FROM generate_series(0, 3999) n';

my $plain = Session->new($node, set => 'SET client_min_messages = error; SET pg_safe_index.mode = off;');
sub query
{
	my $said = $plain->run("$_[0];");
	die $said if $said =~ /ERROR/;
	return $said;
}
sub new_table { query("DROP TABLE IF EXISTS t; $make{$_[0]}; $rows") }

# Every index of the table: where, its name, what it is attached to, whether it is valid, and its constraint.
sub indexes
{
	return query(q{
		SELECT indrelid::regclass, indexrelid::regclass, inhparent::regclass, indisvalid, conname
		  FROM pg_index LEFT JOIN pg_inherits ON inhrelid = indexrelid LEFT JOIN pg_constraint ON conindid = indexrelid AND contype IN ('u', 'p')
		 WHERE indrelid = 't'::regclass OR indrelid IN (SELECT relid FROM pg_partition_tree('t')) ORDER BY indrelid::regclass::text, indexrelid::regclass::text});
}

my $set = "\\set VERBOSITY verbose\nSET pg_safe_index.mode = rewrite;";
my @session = map { Session->new($node, set => $set) } 1, 2;

# A new connection, which has nothing in its caches.
sub reconnect
{
	my ($session) = @_;
	$session->run("\\connect\n$set");
	$session->{pid} = $session->run('SELECT pg_backend_pid();');
}

# Both send what they have to, the second a while after the first. What each is told, the first who began first.
sub both
{
	my ($delay, @commands) = @_;
	my @order = rand() < 0.5 ? (0, 1) : (1, 0);
	if (rand() < 0.5) { reconnect($_) for @session }
	$session[ $order[0] ]->send("$commands[0];");
	usleep(int($delay * 1_000_000));
	$session[ $order[1] ]->send("$commands[1];");
	# The other notices are about progress, locks, and how the command was rewritten.
	my @said = map { join "\n", grep { /^(ERROR|WARNING):|^NOTICE:.* already exists/ } split /\n/, $session[$_]->finish } @order;
	return @said;
}

# How long a command takes, undisturbed.
sub seconds
{
	my ($command) = @_;
	my $begun = time;
	my $said = $session[0]->run("$command;");
	unlike($said, qr/ERROR/, "undisturbed: $command");
	return time - $begun;
}

my $at_it = qr/^ERROR:  55006: .*/;
my @same = (
	{ sql => 'CREATE INDEX ON t (b)', second => qr/\A(|$at_it)\z/ },
	{ sql => 'CREATE INDEX i ON t (b)', second => qr/\AERROR:  42P07: relation "i" already exists\z/ },
	{ sql => 'CREATE INDEX IF NOT EXISTS i ON t (b)', second => qr/\ANOTICE:  42P07: relation "i" already exists, skipping\z/ },
	{ sql => 'ALTER TABLE t ADD UNIQUE (a, b)', second => qr/\A(|$at_it)\z/, unique => 1 },
	{ sql => 'ALTER TABLE t ADD CONSTRAINT u UNIQUE (a, b)', second => qr/\AERROR:  42P07: relation "u" already exists\z/, unique => 1 },
	{ sql => 'ALTER TABLE t ADD PRIMARY KEY (a, b)', second => qr/\AERROR:  42P16: multiple primary keys for table "t" are not allowed\z/, unique => 1 });

for my $table (sort keys %make)
{
	for my $case (@same)
	{
		next if $case->{unique} && $table =~ /foreign/;
		my $name = "$case->{sql}, $table";
		# What one plain command leaves, and two.
		new_table($table);
		query($case->{sql});
		my @left = (indexes());
		if ('' =~ $case->{second})
		{
			query($case->{sql});
			push @left, indexes();
		}
		new_table($table);
		my $seconds = seconds($case->{sql});
		my %told;
		for my $round (1 .. $rounds)
		{
			new_table($table);
			# Most often early: the session's part in it is the shorter one.
			my @said = both(rand() ** 2 * $seconds, $case->{sql}, $case->{sql});
			# Whoever began later may be the one who is first.
			@said = reverse @said if $said[0] ne '';
			is($said[0], '', "$name, $round: one succeeds");
			like($said[1], $case->{second}, "$name, $round: the other is told so");
			is(indexes(), $left[ $said[1] eq '' ? 1 : 0 ], "$name, $round: what is left");
			$told{ $said[1] || 'a second one' }++;
		}
		note("$name: $_: $told{$_}") for sort keys %told;
	}
}

# One that another session keeps waiting, in the midst of its build.
new_table('plain');
my $writer = Session->new($node);
$writer->run('BEGIN; INSERT INTO t VALUES (5000, 5000);');
$session[0]->send('CREATE INDEX ON t (b);');
$session[0]->wait_until_blocked;
like($session[1]->run('CREATE INDEX ON t (b);'), qr/ERROR:  55006: .*\b$session[0]{pid}\b/s, 'without a name: the process that is at it is named');
$writer->run('ROLLBACK;');
unlike($session[0]->finish, qr/ERROR/, '... which goes on');

for my $end ('pg_cancel_backend', 'pg_terminate_backend')
{
	my $name = "with a name, and $end";
	new_table('plain');
	$writer->run('BEGIN; INSERT INTO t VALUES (5000, 5000);');
	$session[0]->send('CREATE INDEX i ON t (b);');
	$session[0]->wait_until_blocked;
	$session[1]->send('CREATE INDEX i ON t (b);');
	$session[1]->wait_until_blocked;
	is(query("SELECT backend_xmin IS NULL, (SELECT string_agg(DISTINCT locktype, ' ') FROM pg_locks l WHERE l.pid = a.pid)
		FROM pg_stat_activity a WHERE pid = $session[1]{pid}"), 't|userlock virtualxid', "$name: the other waits without a snapshot or a lock on the table");
	query("SELECT $end($session[0]{pid})");
	if ($end eq 'pg_cancel_backend') { like($session[0]->finish, qr/ERROR:  57014/, "$name: the first ends") }
	else
	{
		$session[0]->wait_for_end;
		$session[0] = Session->new($node, set => $set);
	}
	$writer->run('ROLLBACK;');
	unlike($session[1]->finish, qr/ERROR/, "$name: the other builds it");
	is(indexes(), 't|i||t|', "$name: what is left");
}

# Two different ones: the second waits for the table, and the first for older snapshots in the end.
for my $table ('plain', 'tree')
{
	new_table($table);
	$writer->run('BEGIN; INSERT INTO ' . ($table eq 'tree' ? 't_1' : 't') . ' VALUES (500, 500);');
	$session[0]->send('CREATE INDEX i ON t (b);');
	$session[0]->wait_until_blocked;
	reconnect($session[1]);
	$session[1]->send('CREATE INDEX j ON t (a);');
	$session[1]->wait_until_blocked;
	is(query("SELECT backend_xmin IS NULL FROM pg_stat_activity WHERE pid = $session[1]{pid}"), 't', "$table: the second waits without a snapshot");
	$writer->run('ROLLBACK;');
	unlike($_->finish, qr/ERROR/, "$table: both succeed") for @session;
}
$writer->quit;

# Two different commands, and what is there before.
my @different = (
	[ 'CREATE INDEX i ON t (b)', 'CREATE INDEX j ON t (a, b)' ],
	[ 'CREATE INDEX ON t (b)', 'CREATE INDEX ON t (lower(b::text))' ],
	[ 'CREATE INDEX i ON t (b)', 'ALTER TABLE t ADD CONSTRAINT u UNIQUE (a, b)' ],
	[ 'ALTER TABLE t ADD UNIQUE (a, b)', 'ALTER TABLE t ADD PRIMARY KEY (b, a)' ],
	[ 'CREATE INDEX i ON t (b)', 'DROP INDEX old', 'CREATE INDEX old ON t (b, a)' ]);
for my $table (sort keys %make)
{
	for my $pair (@different)
	{
		my @commands = @$pair[ 0, 1 ];
		my $before = $pair->[2] // 'SELECT';
		next if "@commands" =~ /UNIQUE/ && $table =~ /foreign/;
		my $name = join(' beside ', @commands) . ", $table";
		new_table($table);
		query($_) for $before, @commands;
		my $both = indexes();
		new_table($table);
		my $seconds = seconds($pair->[0]);
		for my $round (1 .. $rounds)
		{
			new_table($table);
			query($before);
			my @pair = rand() < 0.5 ? @commands : reverse @commands;
			is(join('|', both(rand($seconds), @pair)), '|', "$name, $round: both succeed");
			is(indexes(), $both, "$name, $round: what is left");
		}
	}
}
is(query('SELECT count(*) FROM pg_safe_index_invalid'), '0', 'nothing invalid');
unlike(slurp_file($node->logfile), qr/still active|not closed|leaked|PANIC|TRAP|XX000/, 'nothing in the log');

$_->quit for @session, $plain;
$node->stop;
done_testing();
