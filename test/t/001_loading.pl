# Proves: the module works however it is loaded, and every way to change a setting reaches the sessions it
# should, running ones included.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guarded_node('loading', libraries => '');
$node->safe_psql('postgres', 'CREATE TABLE t (a int); CREATE ROLE plain LOGIN; CREATE ROLE migrator LOGIN;
	CREATE DATABASE other; ALTER TABLE t OWNER TO migrator; GRANT CREATE, USAGE ON SCHEMA public TO migrator');
$node->safe_psql('other', 'CREATE TABLE t (a int)');

my $command = 'CREATE INDEX ON t (a)';
my $refused = qr/ERROR:  CREATE INDEX without CONCURRENTLY would block writes to table "t"/;

# What a new session says to the command; it is rolled back where it was let through.
sub try
{
	my ($name, $expected, %opt) = @_;
	local $ENV{PGOPTIONS} = $opt{options} // '';
	my ($out, $err) = ('', '');
	# From a file: a psql that is not let in does not read its standard input, and IPC::Run dies of that.
	my $file = $node->basedir . '/try.sql';
	unlink $file;
	append_to_file($file, ($opt{before} // '') . "BEGIN; $command; ROLLBACK;\n");
	IPC::Run::run([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($opt{database} // 'postgres'), '-f', $file,
		$opt{user} ? ('-U', $opt{user}) : () ], '<', \'', '>', \$out, '2>', \$err);
	# psql says where in the file.
	$err =~ s/^psql:\Q$file\E:\d+: //mg;
	like($err, $expected, $name);
}

sub reload_and_wait
{
	my ($setting, $value) = @_;
	$node->reload;
	$node->poll_query_until('postgres',
		"SELECT setting = '$value' FROM pg_settings WHERE name = '$setting'") or die "no reload";
}

my $nothing = qr/^$/;

# Nothing is loaded.
try('without the library', $nothing);
try('a placeholder does nothing', $nothing, options => '-c pg_safe_index.mode=error');

# LOAD
try('LOAD', $refused, before => "LOAD 'pg_safe_index'; ");
try('LOAD turns a placeholder into the setting', $nothing,
	options => '-c pg_safe_index.mode=off', before => "LOAD 'pg_safe_index'; ");
try('LOAD says so when the placeholder had a bad value', qr/invalid value for parameter "pg_safe_index.mode"/,
	options => '-c pg_safe_index.mode=nonsense', before => "LOAD 'pg_safe_index'; ");
try('LOAD removes a placeholder of a wrong name', qr/invalid configuration parameter name "pg_safe_index.mood"/,
	options => '-c pg_safe_index.mood=good', before => "LOAD 'pg_safe_index'; ");

# The SQL function brings the library, too.
$node->safe_psql('postgres', 'CREATE EXTENSION pg_safe_index');
is($node->safe_psql('postgres', 'SELECT pg_safe_index_version()'), '1.2', 'version of the library');
is($node->safe_psql('postgres', "SELECT extversion FROM pg_extension WHERE extname = 'pg_safe_index'"),
	'1.2', 'version of the extension');
$node->safe_psql('postgres', 'DROP EXTENSION pg_safe_index');

# session_preload_libraries, for all and for one role
$node->safe_psql('postgres', q{ALTER ROLE migrator SET session_preload_libraries = 'pg_safe_index'});
try('session_preload_libraries of a role', $refused, user => 'migrator');
try('... does not concern another', $nothing);
$node->safe_psql('postgres', 'ALTER ROLE migrator RESET session_preload_libraries');
$node->append_conf('postgresql.conf', q{session_preload_libraries = 'pg_safe_index'});
$node->reload;
try('session_preload_libraries', $refused);
$node->adjust_conf('postgresql.conf', 'session_preload_libraries', undef);

# shared_preload_libraries
$node->append_conf('postgresql.conf', q{shared_preload_libraries = 'pg_safe_index'});
$node->restart;
try('shared_preload_libraries', $refused);
try('... and LOAD once more', $refused, before => "LOAD 'pg_safe_index'; ");

# every way to set
try('PGOPTIONS', $nothing, options => '-c pg_safe_index.mode=off');
try('PGOPTIONS, a bad value', qr/invalid value for parameter "pg_safe_index.mode": "none"/,
	options => '-c pg_safe_index.mode=none');
$node->safe_psql('postgres', 'ALTER ROLE migrator SET pg_safe_index.mode = off');
try('ALTER ROLE SET', $nothing, user => 'migrator');
try('... does not concern another', $refused);
$node->safe_psql('postgres', 'ALTER DATABASE other SET pg_safe_index.mode = off');
try('ALTER DATABASE SET', $nothing, database => 'other');
try('... does not concern another', $refused);
$node->safe_psql('postgres', 'ALTER ROLE migrator IN DATABASE postgres SET pg_safe_index.mode = warn');
try('ALTER ROLE IN DATABASE SET', qr/WARNING:  CREATE INDEX without/, user => 'migrator');
$node->safe_psql('postgres', 'ALTER SYSTEM SET pg_safe_index.mode = off');
reload_and_wait('pg_safe_index.mode', 'off');
try('ALTER SYSTEM SET', $nothing);
$node->safe_psql('postgres', 'ALTER SYSTEM RESET pg_safe_index.mode');
reload_and_wait('pg_safe_index.mode', 'error');
try('ALTER SYSTEM RESET', $refused);
$node->append_conf('postgresql.conf', "pg_safe_index.min_table_size = '1MB'");
$node->reload;
$node->poll_query_until('postgres', q{SELECT current_setting('pg_safe_index.min_table_size') = '1MB'})
  or die 'no reload';
try('postgresql.conf', $nothing);
$node->adjust_conf('postgresql.conf', 'pg_safe_index.min_table_size', undef);
$node->append_conf('postgresql.conf', "pg_safe_index.exempt_applications = 'pg_restore, \"nightly *\"'");
$node->reload;
$node->poll_query_until('postgres', q{SELECT current_setting('pg_safe_index.exempt_applications') <> ''})
  or die 'no reload';
{
	local $ENV{PGAPPNAME} = 'nightly 7';
	try('exempt_applications', $nothing);
	$ENV{PGAPPNAME} = 'daily';
	try('... does not concern another', $refused);
}

# A running session takes over what was reloaded: what the guard says is caught and asked for.
my ($in, $out, $err) = ('', '', '');
my $timer = IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default);
my $session = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr('postgres') ],
	'<', \$in, '>', \$out, '2>', \$err, $timer);

sub ask
{
	my ($sql) = @_;
	($out, $err) = ('', '');
	$in .= "$sql\n\\echo done\n";
	$session->pump until $out =~ /done/;
	# What the server said is there before the echo; stderr may be read later.
	$session->pump_nb;
	$out =~ s/done\n//;
	return "$out$err";
}
my $in_session = "DO \$\$ BEGIN $command; RAISE EXCEPTION 'let through'; EXCEPTION WHEN OTHERS THEN
	PERFORM set_config('psi.answer', SQLERRM, false); END \$\$; SHOW psi.answer;";
like(ask($in_session), qr/would block writes/, 'running session: refused');
$node->safe_psql('postgres', 'ALTER SYSTEM SET pg_safe_index.mode = off');
$node->reload;
my $reached;
for (1 .. 600)
{
	last if $reached = ask('SHOW pg_safe_index.mode;') =~ /off/;
	select(undef, undef, undef, 0.1);
}
ok($reached, 'running session: the reload arrives');
like(ask($in_session), qr/let through/, 'running session: let through after the reload');
$node->safe_psql('postgres', 'ALTER SYSTEM SET pg_safe_index.minimum_mode = error');
$node->reload;
for (1 .. 600)
{
	last if $reached = ask('SHOW pg_safe_index.minimum_mode;') =~ /error/;
	select(undef, undef, undef, 0.1);
}
like(ask($in_session), qr/would block writes/, 'running session: the floor holds after the reload');
$in .= "\\q\n";
$session->finish;

$node->stop;
done_testing();
