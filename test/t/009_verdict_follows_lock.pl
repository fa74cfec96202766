# Proves: the verdict agrees with the lock. Each statement is run with the mode off beside a session that has read
# and written the tables; pg_locks says which relations it holds locked, or waits for, and how strongly. A violation
# is what asks for a lock that blocks writes to a table (SHARE and up), or reads of an index (ACCESS EXCLUSIVE),
# on relations that were there before; what passes either asks for none of these, or is one of the
# exceptions, each named here. Then the guard is asked, and has to say the same, with the same lock in its message.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guarded_node('locks', settings => q{
allow_in_place_tablespaces = on
autovacuum = off
});
$node->safe_psql('postgres', q{CREATE TABLESPACE other LOCATION ''});

my $tables = q{
	CREATE TABLE t (a int PRIMARY KEY, b int NOT NULL, c int, j json);
	CREATE INDEX t_b ON t (b);
	CREATE TABLE u (a int NOT NULL, b int);
	CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
	CREATE INDEX m_a ON m (a);
	CREATE TABLE p (a int NOT NULL, b int) PARTITION BY RANGE (a);
	CREATE INDEX p_b ON p (b);
	CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
	CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (20);
	CREATE TABLE e (a int NOT NULL, b int) PARTITION BY RANGE (a);
	CREATE INDEX e_b ON e (b);
	CREATE TABLE bare (a int NOT NULL, b int);
	CREATE TABLE ready (a int NOT NULL, b int);
	CREATE INDEX ready_b ON ready (b);
	CREATE UNIQUE INDEX u_a ON u (a);
	CREATE TABLE w (r int4range, s int4range);
	CREATE SCHEMA nothing;
	CREATE FUNCTION half(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 2';
	CREATE INDEX t_half ON t (half(c));
	CREATE TABLE n (a int, b int NOT NULL);
	CREATE UNIQUE INDEX n_a ON n (a);
	CREATE UNIQUE INDEX n_b ON n (b);
	CREATE TABLE proved (a int CHECK (a IS NOT NULL));
	CREATE UNIQUE INDEX proved_a ON proved (a);
	CREATE TABLE void (a int);
};

# What the other session does first: it reads and writes, as any does all day. The partitions directly, since what
# would lock them is to come past the partitioned table.
my $use = q{
	INSERT INTO t VALUES (1, 1, 1); INSERT INTO u VALUES (1, 1); INSERT INTO p_1 VALUES (1, 1); INSERT INTO p_2 VALUES (11, 1);
	INSERT INTO bare VALUES (21, 1); INSERT INTO ready VALUES (31, 1); INSERT INTO w VALUES ('[1,2)', '[1,2)'); SELECT * FROM m;
	INSERT INTO n VALUES (1, 1); INSERT INTO proved VALUES (1); INSERT INTO void VALUES (1);};

# statement; verdict; for a pass in spite of a blocking lock: why; PostgreSQL's error if it comes after the lock
my @list = (
	# create_index
	[ 'CREATE INDEX ON t (c)', 'violation' ],
	[ 'CREATE UNIQUE INDEX ON ONLY t (c)', 'violation' ],
	[ 'CREATE INDEX IF NOT EXISTS t_b ON t (b)', 'violation' ],
	[ 'CREATE INDEX ON m (a)', 'violation' ],
	[ 'CREATE INDEX ON p (a)', 'violation' ],
	[ 'CREATE INDEX ON p_1 (a)', 'violation' ],
	[ 'CREATE UNIQUE INDEX ON p ((a), b)', 'violation' ],
	[ 'CREATE INDEX CONCURRENTLY ON t (c)', 'pass' ],
	[ 'CREATE INDEX ON ONLY p (a)', 'pass' ],
	[ 'CREATE INDEX ON e (a)', 'pass' ],
	[ 'CREATE TEMP TABLE x (a int); CREATE INDEX ON x (a)', 'pass' ],
	[ 'CREATE TABLE x (a int); CREATE INDEX ON x (a)', 'pass' ],
	# drop_index
	[ 'DROP INDEX t_b', 'violation' ],
	[ 'DROP INDEX IF EXISTS t_b, m_a', 'violation' ],
	[ 'DROP INDEX p_b', 'violation' ],
	[ 'DROP INDEX m_a CASCADE', 'violation' ],
	[ 'DROP FUNCTION half(int) CASCADE', 'violation' ],
	[ 'DROP INDEX CONCURRENTLY t_b', 'pass' ],
	[ 'DROP INDEX e_b', 'pass', 'nobody reads or writes a partitioned table without leaves' ],
	[ 'DROP INDEX IF EXISTS missing', 'pass' ],
	[ 'CREATE TABLE x (a int); CREATE INDEX x_a ON x (a); DROP INDEX x_a', 'pass' ],
	# reindex
	[ 'REINDEX TABLE t', 'violation' ],
	[ 'REINDEX INDEX t_b', 'violation' ],
	[ 'REINDEX (VERBOSE, CONCURRENTLY false) TABLE m', 'violation' ],
	[ 'REINDEX TABLE p', 'violation' ],
	[ 'REINDEX INDEX p_b', 'violation' ],
	[ 'REINDEX SCHEMA public', 'violation' ],
	[ 'REINDEX DATABASE postgres', 'violation' ],
	[ 'REINDEX TABLE CONCURRENTLY t', 'pass' ],
	[ 'REINDEX (CONCURRENTLY) INDEX t_b', 'pass' ],
	[ 'REINDEX TABLE void', 'pass', 'there is nothing to rebuild' ],
	[ 'REINDEX TABLE e', 'pass' ],
	[ 'REINDEX SCHEMA nothing', 'pass' ],
	[ 'CREATE TABLE x (a int PRIMARY KEY); REINDEX TABLE x', 'pass' ],
	# add_constraint
	[ 'ALTER TABLE t ADD UNIQUE (b)', 'violation' ],
	[ 'ALTER TABLE ONLY bare ADD PRIMARY KEY (a)', 'violation' ],
	[ 'ALTER TABLE t ADD EXCLUDE USING btree (c WITH =)', 'violation' ],
	[ 'ALTER TABLE t ADD COLUMN z int UNIQUE', 'violation' ],
	[ 'ALTER TABLE p ADD UNIQUE (a, b)', 'violation' ],
	[ 'ALTER TABLE t DROP COLUMN c, ADD COLUMN c int UNIQUE', 'violation' ],
	[ 'ALTER TABLE t ADD PRIMARY KEY (b), ADD COLUMN z int UNIQUE', 'violation', undef, 'multiple primary keys' ],
	[ 'ALTER TABLE n ADD PRIMARY KEY USING INDEX n_a', 'violation' ],
	[ 'ALTER TABLE n ADD PRIMARY KEY USING INDEX n_b', 'pass', 'nothing is scanned' ],
	[ 'ALTER TABLE proved ADD PRIMARY KEY USING INDEX proved_a', 'pass', 'nothing is scanned' ],
	[ 'ALTER TABLE proved DROP CONSTRAINT proved_a_check, ADD PRIMARY KEY USING INDEX proved_a', 'violation' ],
	[ 'ALTER TABLE n ALTER b DROP NOT NULL, ADD PRIMARY KEY USING INDEX n_b', 'violation' ],
	[ 'ALTER TABLE t ALTER j TYPE text, ADD UNIQUE (j)', 'violation' ],
	[ 'ALTER TABLE u ADD PRIMARY KEY USING INDEX u_a', 'pass', 'no index is built' ],
	[ 'ALTER TABLE t ADD COLUMN IF NOT EXISTS c int UNIQUE', 'pass', 'no index is built' ],
	[ 'ALTER TABLE t ADD CHECK (c > 0) NOT VALID', 'pass', 'no index is built' ],
	[ 'ALTER TABLE ONLY p ADD UNIQUE (a, b)', 'pass', 'no index is built' ],
	[ 'ALTER TABLE e ADD PRIMARY KEY (a)', 'pass', 'no index is built' ],
	[ 'CREATE TABLE x (a int); ALTER TABLE x ADD PRIMARY KEY (a)', 'pass' ],
	# attach_partition
	[ 'ALTER TABLE p ATTACH PARTITION bare FOR VALUES FROM (20) TO (30)', 'violation' ],
	[ 'ALTER TABLE p ATTACH PARTITION ready FOR VALUES FROM (30) TO (40)', 'pass', 'no index is built' ],
	[ 'CREATE TABLE x (a int NOT NULL, b int); ALTER TABLE p ATTACH PARTITION x FOR VALUES FROM (40) TO (50)', 'pass' ],
	# move_index
	[ 'ALTER INDEX t_b SET TABLESPACE other', 'violation' ],
	[ 'ALTER TABLE t_b SET TABLESPACE other', 'violation' ],
	[ 'ALTER INDEX ALL IN TABLESPACE pg_default SET TABLESPACE other', 'violation' ],
	[ 'REINDEX (TABLESPACE other) INDEX CONCURRENTLY t_b', 'pass' ],
	[ 'ALTER INDEX p_b SET TABLESPACE other', 'pass' ],
	[ 'ALTER INDEX ALL IN TABLESPACE other SET TABLESPACE pg_default', 'pass' ],
	# what rewrites a table, or rebuilds indexes as a part of something else
	[ 'CLUSTER t USING t_b', 'pass', 'the table is rewritten' ],
	[ 'TRUNCATE t', 'pass', 'the table is rewritten' ],
	[ 'ALTER TABLE t SET UNLOGGED', 'pass', 'the table is rewritten' ],
	[ 'ALTER TABLE t ALTER COLUMN b TYPE bigint', 'pass', 'the table is rewritten' ],
	[ 'REFRESH MATERIALIZED VIEW m', 'pass', 'the table is rewritten' ],
	# other commands
	[ 'ALTER INDEX t_b RENAME TO t_bb', 'pass' ],
	[ 'ALTER INDEX t_b SET (fillfactor = 70)', 'pass' ],
	[ 'ANALYZE t', 'pass' ],
	[ 'CREATE STATISTICS t_bc ON b, c FROM t', 'pass' ],
);

# from 18 on
push @list, [ 'ALTER TABLE w ADD UNIQUE (r, s WITHOUT OVERLAPS)', 'violation' ],
  [ 'ALTER TABLE w ADD PRIMARY KEY (r, s WITHOUT OVERLAPS)', 'violation' ]
  if $node->pg_version >= 18;

sub renew
{
	$node->safe_psql('postgres', "SET client_min_messages = error; SET pg_safe_index.mode = off;
		DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS nothing; CREATE SCHEMA public; $tables");
}

sub session
{
	my ($sql, $in) = @_;
	my ($out, $err) = ('', '');
	my $timer = IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default);
	# It goes on after an error, so that it is there to read what it is sent last.
	my $handle = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', '-' ],
		'<', $in, '>', \$out, '2>', \$err, $timer);
	return { handle => $handle, out => \$out, err => \$err };
}

my %rank;
my @modes = map { $_ . 'Lock' } qw(AccessShare RowShare RowExclusive ShareUpdateExclusive Share ShareRowExclusive
	Exclusive AccessExclusive);
@rank{@modes} = (1 .. @modes);

# The strongest locks that a statement holds or waits for on tables and indexes that hold rows, and on partitioned
# tables, as far as they were there before. It runs to where the other session is in its way, or to its end.
sub locks_of
{
	my ($statement, $error) = @_;
	renew();
	my $before = $node->safe_psql('postgres', q{SELECT string_agg(oid::text, ',') FROM pg_class
		WHERE relkind IN ('r', 'm', 'i', 'p') AND relnamespace = 'public'::regnamespace});

	# One that cannot run in a transaction block ends with its last lock given back; then it did not wait,
	# and has nothing to show.
	my $alone = $statement =~ /CONCURRENTLY\b(?! false)|REINDEX (SCHEMA|DATABASE)|REINDEX (TABLE|INDEX) [pe]/;
	my $in_user = "BEGIN; $use\n\\echo ready\n";
	my $user = session('', \$in_user);
	$user->{handle}->pump until ${ $user->{out} } =~ /ready/;

	my $in_runner = "SET pg_safe_index.mode = off; SET client_min_messages = error;\n"
	  . "SELECT 'pid ' || pg_backend_pid();\n"
	  . ($alone ? '' : "BEGIN;\n") . "$statement;\n\\echo ended\n";
	my $runner = session('', \$in_runner);
	$runner->{handle}->pump until ${ $runner->{out} } =~ /pid (\d+)\n/;
	my ($pid) = ${ $runner->{out} } =~ /pid (\d+)\n/;

	my $waits;
	for (1 .. 1200)
	{
		$runner->{handle}->pump_nb;
		last if $error && ${ $runner->{err} } =~ /ERROR:.*$error/;
		die ${ $runner->{err} } if ${ $runner->{err} } =~ /ERROR/;
		last if ${ $runner->{out} } =~ /ended/;
		$waits = $node->safe_psql('postgres', "SELECT count(*) > 0 FROM pg_locks WHERE pid = $pid AND NOT granted");
		last if $waits eq 't';
		select(undef, undef, undef, 0.02);
	}
	my $seen = $node->safe_psql('postgres', "SELECT c.relkind, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
		WHERE l.pid = $pid AND l.locktype = 'relation' AND c.oid IN ($before)");
	my %strongest = (table => 0, index => 0, parent => 0);
	for (split /\n/, $seen)
	{
		my ($kind, $mode) = split /\|/;
		my $what = $kind eq 'i' ? 'index' : $kind eq 'p' ? 'parent' : 'table';
		$strongest{$what} = $rank{$mode} if $rank{$mode} > $strongest{$what};
	}

	$in_user .= "ROLLBACK;\n\\q\n";
	$user->{handle}->finish;
	$in_runner .= ($alone ? '' : "ROLLBACK;\n") . "\\q\n";
	$runner->{handle}->finish;
	die ${ $runner->{err} } if !$error && ${ $runner->{err} } =~ /ERROR/;
	return \%strongest;
}

for my $entry (@list)
{
	my ($statement, $verdict, $exception, $error) = @$entry;
	my $locks = locks_of($statement, $error);
	my $blocks_table = $locks->{table} >= $rank{ShareLock};
	my $blocks_index = $locks->{index} >= $rank{AccessExclusiveLock};
	my $found = join(', ', map { "$_ " . ($locks->{$_} ? $modes[ $locks->{$_} - 1 ] : 'none') } sort keys %$locks);

	my $blocks_parent = $locks->{parent} >= $rank{AccessExclusiveLock};
	my $by_lock = $blocks_table || $blocks_index || $blocks_parent ? 'violation' : 'pass';
	$by_lock = 'pass' if $exception;
	is($by_lock, $verdict, "by its locks ($found): $statement");
	ok($blocks_table || $blocks_parent, "... is an exception: $exception") if $exception;

	renew();
	my $err;
	# -1 would make it a transaction block; a string of its own is not one.
	my @parts = split /; /, $statement;
	my $last = pop @parts;
	my $script = join('', map { "$_;\n" } @parts);
	$script = "BEGIN;\n$script" if @parts;
	$node->psql('postgres', "SET client_min_messages = warning;\n$script$last;\n", stderr => \$err, on_error_stop => 0);
	my $said = $err =~ /ERROR:  .* would block (reads and writes of|writes to) / ? 'violation' : 'pass';
	is($said, $verdict, "by the guard: $statement") or diag($err);
	unlike($err, qr/ERROR/, "... runs: $statement") if $verdict eq 'pass';
	next if $verdict eq 'pass';
	like($err, qr/WITHOUT OVERLAPS, concurrently/, "... has no safe form: $statement") if $statement =~ /OVERLAPS/;

	# The message names what was seen.
	my $mode = $blocks_table && $locks->{table} == $rank{ShareLock} ? 'SHARE' : 'ACCESS EXCLUSIVE';
	like($err, qr/DETAIL:  .*\($mode lock/, "... names $mode: $statement");
}

$node->stop;
done_testing();
