# Proves: a table that Citus manages is a shell, and neither its size nor the marks on its indexes count; where this node is not
# the coordinator the command is left to Citus; what is executed on behalf of a command is part of it. Citus itself is not needed:
# its catalogs are tables that the test creates, and a module executes nested commands as Citus does for the shards.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use Session;
use Test::More;

# As with Citus: its hook comes first in the list, so that ours is called before it.
my $node = guarded_node('citus', libraries => 'psi_probe, pg_safe_index', settings => "autovacuum = off\n");
sub query { return $node->safe_psql('postgres', $_[0]) }
sub message_of
{
	my ($sql) = @_;
	my ($code, $out, $err) = $node->psql('postgres', $sql);
	return $err =~ s/^psql:<stdin>:\d+: //mgr;
}
my $off = 'SET pg_safe_index.mode = off';
query("CREATE EXTENSION pg_safe_index; $off; CREATE TABLE shell (a int, b int); CREATE TABLE local (a int, b int);
	CREATE TABLE shard (a int, b int); INSERT INTO shard SELECT n, n FROM generate_series(1, 100) n; CREATE INDEX ine ON shell (a); CREATE INDEX ine_2 ON local (a)");

# Without Citus: an empty table is small, and an invalid index is one.
my $small = "SET pg_safe_index.min_table_size = '1MB'";
is(message_of("$small; BEGIN; CREATE INDEX ON shell (b); ROLLBACK"), '', 'without Citus: an empty table is small');
query("UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('ine'::regclass, 'ine_2'::regclass)");
like(message_of('CREATE INDEX CONCURRENTLY IF NOT EXISTS ine ON shell (a)'), qr/would skip index "ine", which is invalid/, 'without Citus: an invalid index');

query("SET allow_system_table_mods = on; $off;
	CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass NOT NULL, partmethod \"char\" NOT NULL);
	CREATE UNIQUE INDEX pg_dist_partition_logical_relid_index ON pg_catalog.pg_dist_partition (logicalrelid);
	CREATE TABLE pg_catalog.pg_dist_local_group (groupid int PRIMARY KEY);
	INSERT INTO pg_catalog.pg_dist_partition VALUES ('shell', 'h');
	INSERT INTO pg_catalog.pg_dist_local_group VALUES (0)");

# The size is not known.
my $message = message_of("$small; CREATE INDEX ON shell (b)");
like($message, qr/^ERROR:  CREATE INDEX without CONCURRENTLY would block writes to table "shell"/, 'not small');
like($message, qr/DETAIL:  Writes to the table would wait/, '... and no size is told');
is(query("SELECT table_size IS NULL FROM pg_safe_index_violations WHERE tablename = 'shell' ORDER BY at DESC LIMIT 1"), 't', '... nor put on record');
is(message_of("$small; BEGIN; CREATE INDEX ON local (b); ROLLBACK"), '', 'a table beside it is small as ever');

# The mark on the index is not believed.
is(message_of('CREATE INDEX CONCURRENTLY IF NOT EXISTS ine ON shell (a)'), qq{NOTICE:  relation "ine" already exists, skipping}, 'IF NOT EXISTS: PostgreSQL\'s NOTICE');
for my $mode ('rewrite', 'error')
{
	my $set = "SET pg_safe_index.mode = $mode; SET pg_safe_index.drop_failed_builds = on";
	my $before = query("SELECT 'ine'::regclass::oid");
	like(message_of("$set; CREATE INDEX CONCURRENTLY ine ON shell (a)"), qr/^ERROR:  relation "ine" already exists$/m, "mode $mode: a healthy index is not dropped");
	message_of("$set; CREATE INDEX IF NOT EXISTS ine ON shell (a)");
	is(query("SELECT 'ine'::regclass::oid"), $before, '... with IF NOT EXISTS neither');
	my $of_local = query("SELECT 'ine_2'::regclass::oid");
	is(message_of("SET client_min_messages = warning; $set; CREATE INDEX CONCURRENTLY ine_2 ON local (a)"), '', '... that of another table is');
	isnt(query("SELECT 'ine_2'::regclass::oid"), $of_local, '... and is built again');
	query("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ine_2'::regclass");
}
is( query('SELECT indexname, drop_command, reindex_command FROM pg_safe_index_invalid ORDER BY 1'),
	"ine|DROP INDEX CONCURRENTLY IF EXISTS public.ine;|\nine_2|DROP INDEX CONCURRENTLY IF EXISTS public.ine_2;|REINDEX INDEX CONCURRENTLY public.ine_2;",
	'the view: nothing to rebuild it with');
query('INSERT INTO shell VALUES (1, 1), (1, 1)');
$message = message_of('CREATE UNIQUE INDEX CONCURRENTLY failed ON shell (a)');
like($message, qr/DROP INDEX CONCURRENTLY IF EXISTS failed;/, 'a build that failed: how to drop the index');
unlike($message, qr/REINDEX/, '... and not how to rebuild it');
query("DROP INDEX CONCURRENTLY failed; DROP INDEX CONCURRENTLY ine; DELETE FROM shell");

# On a worker it is for Citus to refuse.
query("SET allow_system_table_mods = on; UPDATE pg_dist_local_group SET groupid = 3");
for my $mode ('error', 'rewrite')
{
	is(message_of("SET pg_safe_index.mode = $mode; CREATE INDEX ine ON shell (a); BEGIN; ALTER TABLE shell ADD UNIQUE (a); ROLLBACK"), '',
		"a worker, mode $mode: left to Citus");
	query("$off; DROP INDEX ine");
}
like(message_of("$off; CREATE INDEX ine ON shell (a); RESET pg_safe_index.mode; DROP INDEX ine"), qr/would block reads and writes of table "shell"/,
	'... but not DROP INDEX, which Citus passes on');
like(message_of('CREATE INDEX ON local (a)'), qr/would block writes to table "local"/, '... but not for other tables');
query("SET allow_system_table_mods = on; UPDATE pg_dist_local_group SET groupid = 0");
like(message_of('CREATE INDEX ON shell (a)'), qr/would block writes to table "shell"/, 'the coordinator');

# Nested commands.
my $nested = "SET pg_safe_index.mode = warn; SET psi_probe.nested = 'CREATE INDEX ON shard (a)'";
query('SELECT pg_safe_index_reset()');
is(join(' ', message_of("$nested; CREATE INDEX ON shell (a)") =~ /^WARNING: .* table "(\w+)"/mg), 'shell', 'a nested command is not judged again');
is(query('SELECT sum(checked) FROM pg_safe_index_stats'), '1', '... nor counted');
is(join(' ', message_of("$nested; CREATE INDEX ON local (a)") =~ /^WARNING: .* table "(\w+)"/mg), 'local shard', '... except below a command on another table');
is(message_of("SET client_min_messages = warning; SET pg_safe_index.mode = rewrite; SET psi_probe.nested = 'CREATE INDEX ON shard (b)';
		CREATE INDEX shell_b ON shell (b); RESET psi_probe.nested; DROP INDEX shell_b"), '', 'mode rewrite: nor is it refused');
is(query("SELECT count(*) FROM pg_indexes WHERE tablename = 'shard'"), '3', '... but executed each time');
is(message_of("SET psi_probe.nested = 'CREATE INDEX ON shard (b)'; CREATE INDEX CONCURRENTLY shell_c ON shell (b)"), '', 'below CREATE INDEX CONCURRENTLY');
my @errors = message_of("$nested; SET psi_probe.nested = 'CREATE INDEX ON nothing (a)';
		CREATE INDEX ON shell (b);\n RESET psi_probe.nested; SET pg_safe_index.mode = error; CREATE INDEX ON shard (b)") =~ /^ERROR:  (.*)/mg;
is(join('|', @errors), 'relation "nothing" does not exist', 'an error in the nested command');
@errors = ();
{
	my ($code, $out, $err) = $node->psql('postgres', "$nested; SET psi_probe.nested = 'CREATE INDEX ON nothing (a)';
		CREATE INDEX ON shell (b);\n RESET psi_probe.nested; SET pg_safe_index.mode = error; CREATE INDEX ON shard (b)", on_error_stop => 0);
	like($err, qr/would block writes to table "shard"/, '... and the next command is judged');
}

# Waits for no lock.
my $locker = Session->new($node);
$locker->run('BEGIN; LOCK TABLE pg_catalog.pg_dist_partition IN ACCESS EXCLUSIVE MODE;');
like(message_of("SET statement_timeout = '60s'; $small; CREATE INDEX ON local (b)"), qr/would block writes to table "local"/, 'the catalog is locked: nothing is small');
$locker->run('ROLLBACK;');
$locker->quit;

$node->stop;
done_testing();
