# Proves: a role without rights on a table, and an owner who asks for what PostgreSQL refuses, get the same error,
# to the last field, as without the module; and the floor holds for a plain role.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guarded_node('rights', libraries => '');
$node->safe_psql('postgres', q{
	CREATE ROLE owner LOGIN;
	CREATE ROLE stranger LOGIN;
	CREATE ROLE trusted LOGIN;
	CREATE SCHEMA app AUTHORIZATION owner;
	CREATE SCHEMA closed AUTHORIZATION owner;
	GRANT USAGE ON SCHEMA app TO stranger;
	SET ROLE owner;
	CREATE TABLE app.t (a int, secret text);
	CREATE INDEX t_a ON app.t (a);
	CREATE TABLE app.p (a int) PARTITION BY RANGE (a);
	CREATE TABLE app.p_1 PARTITION OF app.p FOR VALUES FROM (0) TO (10);
	CREATE INDEX p_a ON app.p (a);
	CREATE TABLE closed.c (a int);
	CREATE INDEX c_a ON closed.c (a);
	CREATE MATERIALIZED VIEW app.m AS SELECT 1 AS a;
	CREATE VIEW app.v AS SELECT 1 AS a;
	CREATE SEQUENCE app.s;
	CREATE TYPE app.y AS (a int);
	CREATE TABLE app.k (a int PRIMARY KEY);
	RESET ROLE;
	CREATE FOREIGN DATA WRAPPER w;
	CREATE SERVER w FOREIGN DATA WRAPPER w;
	GRANT USAGE ON FOREIGN SERVER w TO owner;
	SET ROLE owner;
	CREATE FOREIGN TABLE app.f (a int) SERVER w;
	RESET ROLE;
	GRANT CREATE, USAGE ON SCHEMA public TO owner, trusted, stranger;
});

my @commands = (
	'CREATE INDEX ON app.t (a)',
	'CREATE INDEX ON app.t (nothing)',
	'CREATE INDEX ON app.t (lower(nothing))',
	'CREATE INDEX CONCURRENTLY ON app.t (a)',
	'CREATE INDEX ON app.p (a)',
	'CREATE INDEX ON ONLY app.p (a)',
	'CREATE INDEX ON app.p_1 (a)',
	'CREATE INDEX ON app.m (a)',
	'CREATE INDEX ON app.v (a)',
	'CREATE INDEX ON app.nothing (a)',
	'CREATE INDEX ON closed.c (a)',
	'CREATE INDEX ON closed.nothing (a)',
	'CREATE INDEX ON pg_class (relname)',
	'DROP INDEX app.t_a',
	'DROP INDEX IF EXISTS app.t_a',
	'DROP INDEX app.t_a CASCADE',
	'DROP INDEX app.p_a',
	'DROP INDEX app.t',
	'DROP INDEX app.nothing',
	'DROP INDEX closed.c_a',
	'DROP INDEX IF EXISTS closed.nothing',
	'DROP INDEX pg_class_oid_index');

# What PostgreSQL refuses to the owner.
my @refused = (
	'CREATE INDEX ON',
	'CREATE INDEX ON app.t a',
	'CREATE INDEX ON app.t (a) garbage',
	'CREATE INDEX i ON app.t (nothing)',
	'CREATE INDEX i ON app.t (a, lower(nothing)) WHERE a > 0',
	'CREATE INDEX i ON app.t (a) INCLUDE (nothing)',
	'CREATE INDEX i ON app.t (a) WHERE nothing > 0',
	'CREATE INDEX i ON app.t (a) WHERE a > \'x\'',
	'CREATE INDEX i ON app.t (nothing(a))',
	'CREATE INDEX i ON app.t ((a + (SELECT 1)))',
	'CREATE INDEX i ON app.t (count(a))',
	'CREATE INDEX i ON app.t ((nothing.a))',
	'CREATE INDEX i ON app.t (ctid)',
	'CREATE INDEX i ON app.v (a)',
	'CREATE INDEX i ON app.s (last_value)',
	'CREATE INDEX i ON app.y (a)',
	'CREATE INDEX i ON app.t_a (a)',
	'CREATE INDEX i ON app.f (a)',
	'CREATE INDEX i ON app.nothing (a)',
	'CREATE INDEX i ON nothing.t (a)',
	'CREATE INDEX i ON other.app.t (a)',
	'CREATE INDEX i ON pg_catalog.pg_class (relname)',
	'CREATE INDEX CONCURRENTLY i ON app.p (a)',
	'DROP INDEX app.nothing',
	'DROP INDEX nothing.t_a',
	'DROP INDEX app.t',
	'DROP INDEX app.v',
	'DROP INDEX app.k_pkey',
	'DROP INDEX app.k_pkey CASCADE',
	'DROP INDEX app.p_1_a_idx',
	'DROP INDEX CONCURRENTLY app.p_a',
	'DROP INDEX CONCURRENTLY app.t_a, app.p_a');

sub answer
{
	my ($command, $options, $role) = @_;
	local $ENV{PGOPTIONS} = $options // '';
	my $err;
	$node->psql('postgres', "\\set VERBOSITY verbose\n$command;", stderr => \$err,
		extra_params => [ '-U', $role // 'stranger' ]);
	$err =~ s/^psql:<stdin>:\d+: //mg;
	return $err;
}

my %without = map { $_ => answer($_) } @commands;
my %owner_without = map { $_ => answer($_, '', 'owner') } @refused;
$node->append_conf('postgresql.conf', q{shared_preload_libraries = 'pg_safe_index'});
$node->restart;
for my $command (@commands)
{
	isnt($without{$command}, '', "says something: $command") unless $command =~ /IF EXISTS closed/;
	is(answer($command), $without{$command}, "as without the module: $command");
	is(answer($command, '-c pg_safe_index.mode=warn'), $without{$command}, "... in mode warn");
}
for my $command (@refused)
{
	like($owner_without{$command}, qr/^ERROR:  /, "refused by PostgreSQL: $command");
	is(answer($command, '', 'owner'), $owner_without{$command}, "as without the module: $command");
	is(answer($command, '-c pg_safe_index.mode=warn', 'owner'), $owner_without{$command}, '... in mode warn');
}

# the floor
$node->safe_psql('postgres', q{
	SET pg_safe_index.mode = off;
	GRANT SET ON PARAMETER pg_safe_index.minimum_mode TO trusted;
	CREATE TABLE mine (a int);
	ALTER TABLE mine OWNER TO owner;
	CREATE TABLE theirs (a int);
	ALTER TABLE theirs OWNER TO trusted});
$node->append_conf('postgresql.conf', 'pg_safe_index.minimum_mode = error');
$node->restart;

sub as_role
{
	my ($role, $sql, $options) = @_;
	local $ENV{PGOPTIONS} = $options // '';
	my $err;
	$node->psql('postgres', $sql, stderr => \$err, on_error_stop => 0, extra_params => [ '-U', $role ]);
	return $err;
}
like(as_role('owner', 'SET pg_safe_index.mode = off; CREATE INDEX ON mine (a)'),
	qr/would block writes.*pg_safe_index.minimum_mode = error overrides pg_safe_index.mode = off\./s,
	'a plain role below the floor is refused and told so');
like(as_role('owner', 'CREATE INDEX ON mine (a)', '-c pg_safe_index.mode=off'), qr/would block writes/,
	'PGOPTIONS cannot go below the floor');
like(as_role('owner', 'SET pg_safe_index.minimum_mode = off; CREATE INDEX ON mine (a)'),
	qr/permission denied to set parameter "pg_safe_index.minimum_mode".*would block writes/s,
	'a plain role cannot lower the floor');
like(as_role('owner', 'CREATE INDEX ON mine (a)', '-c pg_safe_index.minimum_mode=off'),
	qr/permission denied to set parameter "pg_safe_index.minimum_mode"/, '... nor with PGOPTIONS');
like(as_role('owner', 'CREATE FUNCTION f() RETURNS void LANGUAGE sql SET pg_safe_index.minimum_mode = off AS $$SELECT$$'),
	qr/permission denied to set parameter/, '... nor with a function');
is(as_role('trusted', 'SET pg_safe_index.minimum_mode = off; SET pg_safe_index.mode = off; CREATE INDEX ON theirs (a)'),
	'', 'a trusted role can');
like(as_role('trusted', 'CREATE INDEX ON theirs (a)'), qr/would block writes/, '... and has to say so');

# The same where each session loads the library for itself: a client's value for a module that is not loaded yet
# would displace the one from the file.
$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', undef);
$node->append_conf('postgresql.conf', q{session_preload_libraries = 'pg_safe_index'});
$node->restart;
like(as_role('owner', 'CREATE INDEX ON mine (a)', '-c pg_safe_index.mode=off'), qr/would block writes/,
	'session_preload_libraries: the floor holds');
for my $value ('off', 'warn', 'error', 'nonsense')
{
	my $said = as_role('owner', 'SET pg_safe_index.mode = off; CREATE INDEX ON mine (a)',
		"-c pg_safe_index.minimum_mode=$value -c pg_safe_index.mode=off");
	like($said, qr/ERROR:  CREATE INDEX without.* would block writes/, "... against PGOPTIONS with minimum_mode=$value");
	like(as_role('owner', 'SET pg_safe_index.minimum_mode = off; RESET pg_safe_index.minimum_mode; CREATE INDEX ON mine (a)',
			"-c pg_safe_index.minimum_mode=$value"), qr/would block writes/, '... and cannot be lowered');
}
is(as_role('trusted', 'CREATE INDEX ON theirs (a)', '-c pg_safe_index.minimum_mode=off -c pg_safe_index.mode=off'), '',
	'... a trusted role still can');

$node->stop;
done_testing();
