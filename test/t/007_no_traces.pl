# Proves: the look leaves nothing behind: no lock beyond those of the command itself, no memory after a thousand
# refusals on a partitioned table with 500 leaves, no growth from warnings in a loop.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guarded_node('traces', settings => q{
max_locks_per_transaction = 256
autovacuum = off
});
$node->safe_psql('postgres', q{
	SET pg_safe_index.mode = off;
	CREATE TABLE t (a int);
	CREATE INDEX t_a ON t (a);
	CREATE TABLE p (a int) PARTITION BY RANGE (a);
	SELECT format('CREATE TABLE p_%s PARTITION OF p FOR VALUES FROM (%s) TO (%s)', n, n, n + 1)
	  FROM generate_series(1, 500) n \gexec
	CREATE INDEX p_a ON p (a);
	CREATE TABLE e (a int) PARTITION BY RANGE (a);
});

# The locks that a command holds after it ran, with the guard looking and passing and with the guard off.
sub locks
{
	my ($command, $settings) = @_;
	return $node->safe_psql('postgres', "$settings BEGIN; $command;
		SELECT relation::regclass, mode, count(*) FROM pg_locks
		 WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation::regclass::text !~ '^(pg_|\\d)'
		 GROUP BY 1, 2 ORDER BY 1::text COLLATE \"C\", 2; ROLLBACK;");
}
my %passes = (
	'CREATE INDEX ON t (a)' => 'small',
	'CREATE INDEX ON t (abs(a)) WHERE a > 0' => 'small',
	'DROP INDEX t_a' => 'small',
	'CREATE INDEX ON p (a)' => 'small, 500 leaves',
	'DROP INDEX p_a' => 'small, 500 leaves',
	'CREATE INDEX ON ONLY p (a)' => 'nothing is built',
	'CREATE INDEX ON e (a)' => 'no leaves');
for my $command (sort keys %passes)
{
	my $with = locks($command, q{SET pg_safe_index.min_table_size = '1GB';});
	my $without = locks($command, 'SET pg_safe_index.mode = off;');
	isnt($with, '', "some locks: $command") or next;
	is($with, $without, "the command's own locks only: $command ($passes{$command})");
}

# A refusal, seen from within its transaction.
is( $node->safe_psql('postgres', q{
	BEGIN;
	DO $$ BEGIN CREATE INDEX ON p (a); EXCEPTION WHEN object_not_in_prerequisite_state THEN NULL; END $$;
	SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'
	   AND relation::regclass::text !~ '^pg_';
	ROLLBACK}), '0', 'no lock after a refusal');

# Memory, after a warm-up that fills the caches.
sub growth
{
	my ($loop) = @_;
	return $node->safe_psql('postgres', qq{
		SET client_min_messages = error;
		CREATE FUNCTION pg_temp.used() RETURNS bigint LANGUAGE sql AS
			'SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts';
		CREATE FUNCTION pg_temp.many(n int) RETURNS void LANGUAGE plpgsql AS \$\$
		BEGIN FOR i IN 1 .. n LOOP $loop END LOOP; END \$\$;
		SELECT pg_temp.many(20), pg_temp.used() \\gset
		SELECT pg_temp.used() AS before \\gset
		SELECT pg_temp.many(1000) \\gset
		SELECT pg_temp.used() AS after \\gset
		SELECT :after - :before;});
}
my $catch = 'EXCEPTION WHEN object_not_in_prerequisite_state THEN NULL; END;';
for my $command ('CREATE INDEX ON t (a)', 'CREATE INDEX ON t (abs(a)) WHERE a > 0', 'CREATE INDEX ON p (a)',
	'DROP INDEX t_a', 'DROP INDEX p_a')
{
	my $bytes = growth("BEGIN $command; $catch");
	cmp_ok($bytes, '<', 16384, "1,000 refusals keep less than 16 kB: $command") or diag("$bytes bytes");
}

# A warning does not end a transaction that would take its memory along.
$node->append_conf('postgresql.conf', 'pg_safe_index.mode = warn');
$node->reload;
$node->poll_query_until('postgres', q{SELECT current_setting('pg_safe_index.mode') = 'warn'}) or die 'no reload';
my $kept = growth('REINDEX INDEX t_a;');
$node->append_conf('postgresql.conf', 'pg_safe_index.mode = off');
$node->reload;
$node->poll_query_until('postgres', q{SELECT current_setting('pg_safe_index.mode') = 'off'}) or die 'no reload';
my $without = growth('REINDEX INDEX t_a;');
cmp_ok($kept - $without, '<', 65536, '1,000 warnings in one statement keep less than 64 kB')
  or diag("$kept bytes, $without without the guard");

$node->stop;
done_testing();
