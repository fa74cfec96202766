# Proves: a rewrite over 16 leaf partitions that is cancelled, terminated or killed (SIGKILL, crash recovery) at any
# moment can be sent again as it is and completes, so that every leaf has exactly one valid attached index and
# nothing else is left; one of a plain table likewise, and if it is cancelled nothing is left of it.
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
my $rounds = $ENV{PSI_ROUNDS} // 36;
srand($seed);
note("PSI_SEED=$seed");

my $node = guarded_node('interrupted', settings => q{
pg_safe_index.mode = rewrite
autovacuum = off
restart_after_crash = on
log_min_messages = warning
});
# 16 leaves: 8 on the first level, 8 on the second.
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_safe_index;
	CREATE TABLE p (a int NOT NULL, b int NOT NULL, c text) PARTITION BY RANGE (a);
	SELECT format('CREATE TABLE p_%s PARTITION OF p FOR VALUES FROM (%s) TO (%s)', n, n * 1000, n * 1000 + 1000)
	  FROM generate_series(1, 8) n \gexec
	CREATE TABLE p_9 PARTITION OF p FOR VALUES FROM (9000) TO (17000) PARTITION BY RANGE (a);
	SELECT format('CREATE TABLE p_9_%s PARTITION OF p_9 FOR VALUES FROM (%s) TO (%s)', n, n * 1000, n * 1000 + 1000)
	  FROM generate_series(9, 16) n \gexec
	INSERT INTO p SELECT n / 10, n, 'c' || n FROM generate_series(10000, 169999) n;
	CREATE TABLE t (a int NOT NULL, b int NOT NULL, c text);
	INSERT INTO t TABLE p;
});

my @commands = (
	{ sql => 'CREATE INDEX ON p (b)', index => 'p_b_idx', off => 'DROP INDEX IF EXISTS p_b_idx, p_b_idx1' },
	{ sql => 'CREATE INDEX named ON p USING btree (lower(c), b DESC) WHERE b > 5', index => 'named', off => 'DROP INDEX IF EXISTS named' },
	{ sql => 'CREATE UNIQUE INDEX IF NOT EXISTS "U n" ON p (a, b) INCLUDE (c)', index => 'U n', off => 'DROP INDEX IF EXISTS "U n"' },
	{ sql => 'ALTER TABLE p ADD CONSTRAINT u UNIQUE (a, b)', index => 'u', off => 'ALTER TABLE p DROP CONSTRAINT IF EXISTS u' },
	{ sql => 'ALTER TABLE p ADD PRIMARY KEY (b, a)', index => 'p_pkey', off => 'ALTER TABLE p DROP CONSTRAINT IF EXISTS p_pkey' },
	{ sql => 'CREATE INDEX ON t (b)', index => 't_b_idx', off => 'DROP INDEX IF EXISTS t_b_idx, t_b_idx1', plain => 1 },
	{ sql => 'ALTER TABLE t ADD UNIQUE (b)', index => 't_b_key', off => 'ALTER TABLE t DROP CONSTRAINT IF EXISTS t_b_key', plain => 1 });

sub query { return $node->safe_psql('postgres', $_[0]) }

# Everything that is not what the table had before.
sub clean_up
{
	my $all = join '; ', map { $_->{off} } @commands;
	$node->safe_psql('postgres', "SET client_min_messages = error; SET pg_safe_index.mode = off; $all;
		SELECT format('DROP INDEX %s', indexrelid::regclass) FROM pg_index
		 WHERE indrelid IN (SELECT oid FROM pg_class WHERE relname ~ '^(p|t)(_|\$)' AND relkind IN ('r', 'p'))
		   AND NOT (SELECT relispartition FROM pg_class WHERE oid = indexrelid) \\gexec");
}

sub check_complete
{
	my ($command, $name) = @_;
	my $whole = $command->{plain}
	  ? "SELECT count(*) = 1 AND bool_and(indisvalid) AND bool_and(indexrelid = '\"$command->{index}\"'::regclass)
		  FROM pg_index WHERE indrelid = 't'::regclass"
	  : "SELECT count(*) FILTER (WHERE isleaf) = 16 AND count(*) = 18 AND bool_and(i.indisvalid)
		   AND (SELECT count(*) FROM pg_index WHERE indrelid IN (SELECT relid FROM pg_partition_tree('p'))) = 18
		  FROM pg_partition_tree('\"$command->{index}\"') JOIN pg_index i ON i.indexrelid = relid";
	is(query($whole), 't', "$name: complete, and nothing else")
	  or diag(query("SELECT indrelid::regclass, indexrelid::regclass, indisvalid FROM pg_index
		WHERE indrelid IN (SELECT relid FROM pg_partition_tree('p')) OR indrelid = 't'::regclass"));
	is(query('SELECT count(*) FROM pg_safe_index_invalid'), '0', "$name: nothing invalid");
}

# How long each takes, undisturbed.
for my $command (@commands)
{
	clean_up();
	my $begun = time;
	$node->safe_psql('postgres', "SET client_min_messages = warning; $command->{sql}");
	$command->{seconds} = time - $begun;
	check_complete($command, "undisturbed: $command->{sql}");
}

my %done;
for my $round (1 .. $rounds)
{
	my $command = $commands[ $round % @commands ];
	# Each with each command, since 3 and 7 have no divisor in common.
	my $way = ('cancel', 'terminate', 'SIGKILL')[ $round % 3 ];
	my $name = "$round: $way, $command->{sql}";
	clean_up();
	# Again and again, until it has hit the command while it ran: at least once, three times at most. How long the command takes
	# depends on what else the machine does: what came too late comes sooner the next time.
	my $hits = 0;
	my $within = $command->{seconds};
	my $there;
	for my $attempt (1 .. 12)
	{
		my $session = Session->new($node, set => 'SET client_min_messages = warning;');
		$session->send("$command->{sql};");
		usleep(int(rand($within * 1_000_000)));
		if ($way eq 'SIGKILL') { kill 'KILL', $session->{pid} }
		else { query("SELECT pg_${way}_backend($session->{pid})") }
		my $said;
		if ($way eq 'cancel') { $said = $session->finish }
		else
		{
			# It may come too late for the command: then the session is told so by the next.
			$said = $session->wait_for_end;
		}
		$there = query("SELECT to_regclass('\"$command->{index}\"') IS NOT NULL AND
			(SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('\"$command->{index}\"'))");
		if ($way eq 'cancel' && $said =~ /ERROR/)
		{
			$hits++;
			is(query("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass"), '0', "$name: nothing is left")
			  || diag($said)
			  if $command->{plain};
		}
		elsif ($there ne 't') { $hits++ }
		last if $there eq 't' && $hits > 0 || $hits >= 3;
		next if $there ne 't';
		$within *= 0.7;
		clean_up();
		$there = 'f';
	}
	$done{$way} += $hits;
	if ($there ne 't')
	{
		my ($code, $out, $err) = $node->psql('postgres', "SET client_min_messages = warning; $command->{sql}");
		is($err, '', "$name: sent again");
	}
	check_complete($command, $name);
}
note(join ', ', map { "$_: $done{$_}" } sort keys %done);
my $all = 0;
$all += $_ for values %done;
cmp_ok($all, '>=', 30, 'interruptions that hit the command while it ran') if $rounds >= 36;
# Others change the tree at random while it is built: the command succeeds or ends in a clear error, and once they are
# gone, sent again, completes.
$node->safe_psql('postgres', q{CREATE TABLE extra (LIKE p); INSERT INTO extra SELECT n, n, 'c' FROM generate_series(20000, 20999) n});
my @changes = (
	'ALTER TABLE p ATTACH PARTITION extra FOR VALUES FROM (20000) TO (21000)', 'ALTER TABLE p DETACH PARTITION extra',
	'ALTER TABLE p_9 DETACH PARTITION p_9_12', 'ALTER TABLE p_9 ATTACH PARTITION p_9_12 FOR VALUES FROM (12000) TO (13000)',
	'DROP INDEX named', 'ALTER INDEX named RENAME TO other_name; ALTER INDEX other_name RENAME TO named',
	'DROP TABLE IF EXISTS p_10', 'CREATE TABLE p_10 PARTITION OF p FOR VALUES FROM (30000) TO (31000)',
	'DROP INDEX p_3_lower_b_idx', 'REINDEX INDEX CONCURRENTLY p_2_lower_b_idx', 'DROP INDEX CONCURRENTLY p_5_lower_b_idx');
my $clear = qr/deadlock detected|does not exist|already exists|was dropped while|is not a partition|could not attach|is still|cannot attach index/;
my %ended = (completes => 0);
for my $round (1 .. $rounds / 3)
{
	clean_up();
	my $builder = Session->new($node, set => 'SET client_min_messages = error;');
	my $changer = Session->new($node, set => "SET client_min_messages = error; SET pg_safe_index.mode = off; SET lock_timeout = '5s';");
	my $text = $commands[1]{sql};
	$builder->send("$text;");
	for (1 .. 12)
	{
		usleep(int(rand($commands[1]{seconds} * 100_000)));
		$changer->run($changes[ rand @changes ] . ';');
	}
	my $said = $builder->finish;
	$ended{ $said =~ /ERROR:  (.*)/ ? $1 : 'completes' }++;
	like($said, qr/^$|$clear/, "changes, $round: it completes, or ends in a clear error");
	$_->quit for $builder, $changer;
	my ($code, $out, $err) = $node->psql('postgres', "SET client_min_messages = error; $text");
	like($err, qr/^$|already exists/, "changes, $round: sent again");
	is(query(q{SELECT bool_and(indisvalid) AND count(*) FILTER (WHERE isleaf) = (SELECT count(*) FROM pg_partition_tree('p') WHERE isleaf)
		FROM pg_partition_tree('named') JOIN pg_index ON indexrelid = relid}), 't', "changes, $round: every leaf has it");
}
note(join ', ', map { "$_: $ended{$_}" } sort keys %ended);
unlike(slurp_file($node->logfile), qr/still active|not closed|leaked|PANIC|TRAP|XX000/, 'nothing in the log');

$node->stop;
done_testing();
