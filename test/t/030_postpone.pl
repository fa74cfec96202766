# Proves: what sql/postpone cannot show with one session. During COMMIT the rows are committed and visible, nobody waits, and
# pg_stat_activity shows the command that is built; a postponed command is counted, recorded and logged; a cancel, a
# statement_timeout and a deadlock after the commit are told with SQLSTATE 55000, before it they roll back; pipelines and prepared
# statements work; the settings of the session are what they were; the message
# that the transaction is committed reaches clients of every encoding.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $node = guarded_node('postpone', settings => q{
pg_safe_index.mode = rewrite
pg_safe_index.in_transaction = postpone
autovacuum = off
});
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_safe_index;
	CREATE TABLE t (a int, b text);
	CREATE TABLE other (a int);
	INSERT INTO t SELECT n, n FROM generate_series(1, 1000) n;
});

sub query { return $node->safe_psql('postgres', $_[0]) }
sub indexes { return query(q{SELECT string_agg(indexrelid::regclass::text || CASE WHEN indisvalid THEN '' ELSE ' invalid' END, ' ' ORDER BY indexrelid::regclass::text)
	FROM pg_index WHERE indrelid = 't'::regclass}) }

my $migration = Session->new($node, set => '\set VERBOSITY verbose');
my $holder = Session->new($node);

# A transaction that has written to the table makes the build wait.
sub hold { $holder->run('BEGIN; UPDATE t SET b = b WHERE a = 1; SELECT pg_current_xact_id();') }

note('during COMMIT');
hold();
my $log_begins = -s $node->logfile;
$migration->run('BEGIN; INSERT INTO other VALUES (1); CREATE INDEX t_a ON t (a); DROP INDEX IF EXISTS nothing;');
is(query('SELECT count(*) FROM other'), '0', 'nothing is committed before');
is(query("SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND pid = $migration->{pid} AND mode <> 'AccessShareLock'"), '0',
	'before COMMIT it has ACCESS SHARE on the table');
$migration->send('COMMIT;');
$migration->wait_until_blocked;
is(query('SELECT a FROM other'), '1', 'the rows are committed while the build waits');
is(query("SELECT query FROM pg_stat_activity WHERE pid = $migration->{pid}"), 'CREATE INDEX CONCURRENTLY t_a ON t (a);',
	'pg_stat_activity shows the command');
is(query(q{SET lock_timeout = '5s'; UPDATE t SET b = b WHERE a = 2 RETURNING a}), '2', 'a writer does not wait');
$holder->run('COMMIT;');
is($migration->finish, '', 'COMMIT succeeds');
is(indexes(), 't_a', 'the index is there');
is(query("SELECT query FROM pg_stat_activity WHERE pid = $migration->{pid}"), 'COMMIT;', 'COMMIT is what it was');
like(slurp_file($node->logfile, $log_begins), qr/LOG:  postponed until after COMMIT: CREATE INDEX CONCURRENTLY t_a ON t \(a\);/, 'the log tells');
is(query(q{SELECT operation, refused, rewritten FROM pg_safe_index_stats WHERE rewritten > 0}), 'create_index|0|1', 'counted as rewritten');
is(query(q{SELECT action, tablename, indexname, query FROM pg_safe_index_violations}), 'rewritten|t|t_a|CREATE INDEX t_a ON t (a)', 'on record');

note('a cancel after the commit');
hold();
$migration->run('BEGIN; INSERT INTO other VALUES (2); CREATE INDEX t_2 ON t (a); DROP INDEX t_a;');
$migration->send('COMMIT;');
$migration->wait_until_blocked;
query("SELECT pg_cancel_backend($migration->{pid})");
my $said = $migration->wait_for(qr/done/);
my $told = q{ERROR:  55000: transaction is committed, but this postponed command failed: CREATE INDEX CONCURRENTLY t_2 ON t (a); (1 more has not been run)
DETAIL:  canceling statement due to user request (SQLSTATE 57014)
HINT:  Do not repeat the transaction. Still to be run, one command at a time:
CREATE INDEX CONCURRENTLY t_2 ON t (a);
DROP INDEX CONCURRENTLY t_a;
};
like($said, qr/^\Q$told\E/, 'the error says what is left to be done');
$holder->run('COMMIT;');
$migration->finish;
is(query('SELECT max(a) FROM other'), '2', 'the transaction is committed');
is($migration->run('SELECT 1;'), '1', 'the session goes on, outside of a block');
is(query(q{SELECT failed_builds FROM pg_safe_index_stats WHERE operation = 'create_index'}), '1', 'counted as a failed build');
query('DROP INDEX IF EXISTS t_2');
is(indexes(), 't_a', 'the rest was not tried');

note('statement_timeout counts for the whole COMMIT');
hold();
$migration->run("SET statement_timeout = '300ms'; BEGIN; INSERT INTO other VALUES (3); CREATE INDEX t_3 ON t (a);");
like($migration->run('COMMIT;'), qr/55000: transaction is committed, but .*\n.*canceling statement due to statement timeout \(SQLSTATE 57014\)/, 'it ends the build');
$holder->run('COMMIT;');
$migration->run('RESET statement_timeout;');
is(query('SELECT max(a) FROM other'), '3', 'committed');
query('DROP INDEX IF EXISTS t_3');

note('an error of the commit itself');
query('CREATE TABLE key (a int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)');
query('INSERT INTO key VALUES (1)');
$said = $migration->run('BEGIN; INSERT INTO key VALUES (1); CREATE INDEX t_4 ON t (a); COMMIT;');
like($said, qr/ERROR:  23505: duplicate key value/, "is PostgreSQL's");
unlike($said, qr/transaction is committed/, 'and nothing else');
is($migration->run('BEGIN; COMMIT; SELECT 1;'), '1', 'nothing is left of the list');
is(indexes(), 't_a', 'nothing was built');

note('settings of the session, also after an error');
query('ALTER ROLE postgres SET maintenance_work_mem = \'3MB\'');
my $settings = q{SELECT string_agg(name || ' ' || setting || ' ' || source, ', ' ORDER BY name) FROM pg_settings
	WHERE name IN ('search_path', 'maintenance_work_mem', 'default_tablespace');};
my $session = Session->new($node);
my $before = $session->run($settings);
like($before, qr/maintenance_work_mem 3072 user/, 'a setting of the role');
$session->run('CREATE SCHEMA s; CREATE TABLE s.t (a int); INSERT INTO s.t VALUES (5);');
hold();
$session->run(q{BEGIN; SET LOCAL search_path = s; SET LOCAL maintenance_work_mem = '2MB'; CREATE INDEX s_a ON t (a);
	SET LOCAL search_path = public; CREATE INDEX t_5 ON t (a); CREATE INDEX bad ON t ((1 / (a - 7)));});
$session->send('COMMIT;');
$session->wait_until_blocked;
$holder->run('COMMIT;');
like($session->finish, qr/transaction is committed, but .*\n.*division by zero/, 'the last one fails');
is($session->run($settings), $before, 'all are as before');
is(query(q{SELECT string_agg(indexrelid::regclass::text, ' ') FROM pg_index WHERE indrelid = 's.t'::regclass AND indisvalid}), 's.s_a', 'the first is in its schema');
$session->run(q{SET maintenance_work_mem = '4MB'; BEGIN; SET LOCAL maintenance_work_mem = '2MB'; CREATE INDEX t_6 ON t (a); COMMIT;});
like($session->run($settings), qr/maintenance_work_mem 4096 session/, 'a setting of the session stays');
query('DROP INDEX t_5, t_6');

note('a pipeline, and statements that are prepared by the protocol');
my $script = $node->basedir . '/pipeline.sql';
append_to_file($script, "\\startpipeline\nBEGIN;\nINSERT INTO other VALUES (10);\nCREATE INDEX t_7 ON t (a);\nCOMMIT;\nINSERT INTO other VALUES (11);\n\\endpipeline\n");
$node->command_ok([ 'pgbench', '-n', '-t', 1, '-M', 'extended', '-f', $script, $node->connstr('postgres') ], 'in a pipeline');
is(indexes(), 't_7 t_a', 'it is built');
is(query('SELECT count(*) FROM other WHERE a >= 10'), '2', 'what comes after COMMIT runs');
my $prepared = $node->basedir . '/prepared.sql';
append_to_file($prepared, "BEGIN;\nSAVEPOINT s;\nDROP INDEX t_7;\nSAVEPOINT s;\nCREATE INDEX t_7 ON t (a);\nSAVEPOINT s;\nINSERT INTO other VALUES (12);\nCOMMIT;\n");
$node->command_ok([ 'pgbench', '-n', '-t', 5, '-M', 'prepared', '-f', $prepared, $node->connstr('postgres') ], 'prepared, with open savepoints');
is(indexes(), 't_7 t_a', 'it is there');
is(query('SELECT count(*) FROM other WHERE a = 12'), '5', 'five times');

note('a client whose encoding lacks a character of the message');
query(q{CREATE TABLE greek (a text); INSERT INTO greek VALUES (U&'\\03A9');
	CREATE FUNCTION to_int(text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1::int'});
$log_begins = -s $node->logfile;
my (undef, undef, $said) = $node->psql('postgres', q{SET client_encoding = 'LATIN1';
	BEGIN; INSERT INTO other VALUES (42); CREATE INDEX greek_a ON greek (to_int(a)); COMMIT;});
like($said, qr/transaction is committed, but .*\n.*DETAIL:  invalid input syntax for type integer: "\?"/, 'it is told that the transaction is committed');
like($said, qr/HINT:  Do not repeat.*\n.*CREATE INDEX CONCURRENTLY greek_a .*\n(.*\n)*.*client_encoding LATIN1 lacks/, '... and what is to be run');
is(query('SELECT count(*) FROM other WHERE a = 42'), '1', '... as it is');
like(slurp_file($node->logfile, $log_begins), qr/invalid input syntax for type integer: "\xCE\xA9"/, 'the log has the character');

my @unexpected = grep { /PANIC|TRAP|terminated by signal|WARNING:/ && !/may be interrupted by statement_timeout/ } split /\n/, slurp_file($node->logfile);
is("@unexpected", '', 'no warning, no crash in the log');
$_->quit for $migration, $holder, $session;
$node->stop('immediate');
done_testing();
