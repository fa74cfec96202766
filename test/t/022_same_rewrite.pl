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

my @session = map { Session->new($node, set => "\\set VERBOSITY verbose\nSET pg_safe_index.mode = rewrite;") } 1, 2;

# Both send what they have to, the second a while after the first. What each is told, the first who began first.
sub both
{
	my ($delay, @commands) = @_;
	my @order = rand() < 0.5 ? (0, 1) : (1, 0);
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

# Whoever is told that another session is at it is told which one.
new_table('plain');
my $writer = Session->new($node);
$writer->run('BEGIN; INSERT INTO t VALUES (5000, 5000);');
$session[0]->send('CREATE INDEX ON t (b);');
$session[0]->wait_until_blocked;
like($session[1]->run('CREATE INDEX ON t (b);'), qr/ERROR:  55006: .*\b$session[0]{pid}\b/s, 'the process that is at it is named');
$writer->run('ROLLBACK;');
unlike($session[0]->finish, qr/ERROR/, 'it goes on');

# Two different commands.
my @different = (
	[ 'CREATE INDEX i ON t (b)', 'CREATE INDEX j ON t (a, b)' ],
	[ 'CREATE INDEX ON t (b)', 'CREATE INDEX ON t (lower(b::text))' ],
	[ 'CREATE INDEX i ON t (b)', 'ALTER TABLE t ADD CONSTRAINT u UNIQUE (a, b)' ],
	[ 'ALTER TABLE t ADD UNIQUE (a, b)', 'ALTER TABLE t ADD PRIMARY KEY (b, a)' ]);
for my $table (sort keys %make)
{
	for my $pair (@different)
	{
		next if "@$pair" =~ /UNIQUE/ && $table =~ /foreign/;
		my $name = join(' beside ', @$pair) . ", $table";
		new_table($table);
		query($_) for @$pair;
		my $both = indexes();
		new_table($table);
		my $seconds = seconds($pair->[0]);
		for my $round (1 .. $rounds)
		{
			new_table($table);
			my @pair = rand() < 0.5 ? @$pair : reverse @$pair;
			is(join('|', both(rand($seconds), @pair)), '|', "$name, $round: both succeed");
			is(indexes(), $both, "$name, $round: what is left");
		}
	}
}
is(query('SELECT count(*) FROM pg_safe_index_invalid'), '0', 'nothing invalid');
unlike(slurp_file($node->logfile), qr/still active|not closed|leaked|PANIC|TRAP|XX000/, 'nothing in the log');

$_->quit for @session, $writer, $plain;
$node->stop;
done_testing();
