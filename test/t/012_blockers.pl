# Proves: a concurrent build names exactly the old transactions that it has to wait for, oldest first and five at
# most; a role that may not see another's query is not shown it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $node = guarded_node('blockers', settings => q{
max_prepared_transactions = 2
autovacuum = off
});
$node->safe_psql('postgres', q{
	CREATE ROLE owner LOGIN; CREATE ROLE app LOGIN; CREATE ROLE monitor LOGIN IN ROLE pg_read_all_stats, owner;
	GRANT CREATE ON SCHEMA public TO owner;
	SET ROLE owner;
	CREATE TABLE t (a int); CREATE TABLE other (a int);
	INSERT INTO t VALUES (1);
	GRANT ALL ON t, other TO app;
	SET pg_safe_index.mode = off;
	CREATE INDEX old ON t (a);
});
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');

my %session;
sub holder
{
	my ($name, $sql, %opt) = @_;
	$session{$name} = Session->new($node, application => $name, user => 'app', %opt);
	$session{$name}->run($sql);
	return $session{$name};
}
sub release { $_->run('ROLLBACK;'), $_->quit for values %session; %session = () }

my $setting = q{SET pg_safe_index.report_blockers_after = '1ms';};
my $builder = Session->new($node, user => 'owner', set => $setting);

# What is said before the build begins to wait; then everybody goes, and it has to succeed.
sub said
{
	my ($command, $by) = @_;
	$by //= $builder;
	# All who are there are older than the setting. We look from another database, where nobody waits for our snapshot.
	$node->poll_query_until('elsewhere', "SELECT count(*) = 0 FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
		  AND xact_start > clock_timestamp() - interval '5 ms'") or die;
	$by->send($command);
	$node->poll_query_until('elsewhere', "SELECT count(*) = 1 FROM pg_stat_activity
		WHERE pid = $by->{pid} AND query = '$command' AND (wait_event_type = 'Lock' OR state = 'idle')") or die;
	release();
	my $said = $by->finish;
	unlike($said, qr/ERROR/, 'the build succeeds');
	return $said;
}
my $n = 0;
sub create { return 'CREATE INDEX CONCURRENTLY new_' . ++$n . ' ON t (a);' }

is(said(create()), '', 'nobody is there');

# one that can write to the table
my $h = holder('app one', 'BEGIN; INSERT INTO t VALUES (1);');
like(said(create()), qr/\ANOTICE:  CREATE INDEX CONCURRENTLY has to wait for 1 transaction that is older than 1ms
DETAIL:  Process $h->{pid} \(role "app", application "app one"\), open for 00:0\d:\d\d, idle in transaction\.\z/,
	'a writer: no query text for a role that may not see it');

# whoever may see everybody's query
my $monitor = Session->new($node, user => 'monitor', set => $setting);
$h = holder('app one', 'BEGIN; INSERT INTO t VALUES (1);');
like(said(create(), $monitor), qr/idle in transaction: INSERT INTO t VALUES \(1\);\z/,
	'a writer: with its query text');

# its own role's
$session{own} = Session->new($node, user => 'owner', application => 'own');
$session{own}->run('BEGIN; INSERT INTO t VALUES (1);');
like(said(create()), qr/\(role "owner", application "own"\), open for 00:0\d:\d\d, idle in transaction: INSERT/,
	"one's own role: with its query text");

# a snapshot, whatever it has read
$h = holder('snap', 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM other;');
like(said(create()), qr/for 1 transaction .*\n.*Process $h->{pid} /, 'a snapshot on another table');

# not in the way
holder('reader', 'BEGIN; SELECT count(*) FROM t;');
holder('elsewhere', 'BEGIN; INSERT INTO other VALUES (1);');
holder('database', 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class;', database => 'elsewhere');
is(said(create()), '', 'not in the way: a reader, a writer elsewhere, a snapshot in another database');
holder('reader', 'BEGIN; SELECT count(*) FROM t;');
holder('elsewhere', 'BEGIN; INSERT INTO other VALUES (1);');
holder('database', 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class;', database => 'elsewhere');
$h = holder('writer', 'BEGIN; INSERT INTO t VALUES (1);');
like(said(create()), qr/for 1 transaction .*\n.*Process $h->{pid} /, '... nor when there is one who is');
holder('young', 'BEGIN; INSERT INTO t VALUES (1);');
$builder->run(q{SET pg_safe_index.report_blockers_after = '1min';});
is(said(create()), '', 'younger than the setting');
holder('young', 'BEGIN; INSERT INTO t VALUES (1);');
$builder->run(q{SET pg_safe_index.report_blockers_after = 0;});
is(said(create()), '', 'turned off');
$builder->run($setting);
holder('young', 'BEGIN; INSERT INTO t VALUES (1);');
$builder->run(q{SET pg_safe_index.mode = off;});
is(said(create()), '', 'mode off');
$builder->run(q{RESET pg_safe_index.mode;});
holder('young', 'BEGIN; INSERT INTO t VALUES (1);');
like(said('CREATE INDEX CONCURRENTLY IF NOT EXISTS old ON t (a);'), qr/\ANOTICE:  relation "old" already exists/,
	'nothing to build');

# rebuilding waits for readers, too
$h = holder('reader', 'BEGIN; SELECT count(*) FROM t;');
like(said('REINDEX INDEX CONCURRENTLY old;'), qr/\ANOTICE:  REINDEX CONCURRENTLY has to wait for 1 transaction .*\n.*Process $h->{pid} /,
	'REINDEX INDEX: a reader');
$h = holder('reader', 'BEGIN; SELECT count(*) FROM t;');
like(said('REINDEX TABLE CONCURRENTLY t;'), qr/has to wait for 1 transaction .*\n.*Process $h->{pid} /, 'REINDEX TABLE: a reader');

# more than five, oldest first
my @pids = map { holder("app $_", 'BEGIN; INSERT INTO t VALUES (1);')->{pid} } 1 .. 7;
my $said = said(create());
like($said, qr/\ANOTICE:  CREATE INDEX CONCURRENTLY has to wait for 7 transactions that are older than 1ms\n/, 'seven');
is_deeply([ $said =~ /Process (\d+)/g ], [ @pids[ 0 .. 4 ] ], '... the five oldest, oldest first');
like($said, qr/\nAnd 2 more\.\z/, '... and how many more');

# a prepared transaction has no process
$node->safe_psql('postgres', q{BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'lost and found'});
$node->safe_psql('postgres', q{BEGIN; INSERT INTO other VALUES (1); PREPARE TRANSACTION 'elsewhere'});
$node->poll_query_until('postgres', "SELECT bool_and(prepared < clock_timestamp() - interval '5 ms') FROM pg_prepared_xacts") or die;
$builder->send(create());
like($builder->wait_for(qr/Prepared.*\n/), qr/for 1 transaction .*\nDETAIL:  Prepared transaction "lost and found" \(role "postgres"\), prepared 00:0\d:\d\d ago\.\n\z/,
	'a prepared transaction');
# ... after a restart it is nobody's any more
$node->safe_psql('postgres', "SELECT pg_terminate_backend($builder->{pid})");
$node->restart;
$monitor = Session->new($node, user => 'monitor', set => $setting);
$monitor->send(create());
like($monitor->wait_for(qr/Prepared.*\n/), qr/Prepared transaction "lost and found"/, '... after a restart');
$node->safe_psql('postgres', q{COMMIT PREPARED 'lost and found'});
unlike($monitor->finish, qr/ERROR/, '... the build goes on');

$node->safe_psql('postgres', q{COMMIT PREPARED 'elsewhere'});
$node->stop;
done_testing();
