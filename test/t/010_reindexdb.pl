# Proves: reindexdb is refused where it would block, and reindexdb --concurrently is not.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guarded_node('reindexdb');

# Nothing in it but what comes with the server.
$node->command_ok([ 'reindexdb', 'postgres' ], 'a database without tables of users');
$node->command_ok([ 'reindexdb', '--system', 'postgres' ], 'the catalogs');

$node->safe_psql('postgres', 'CREATE TABLE t (a int PRIMARY KEY, b int); CREATE SCHEMA s CREATE TABLE t (a int PRIMARY KEY)');
my $refused = qr/REINDEX without CONCURRENTLY would block writes/;
for my $arguments ([], [ '-t', 't' ], [ '-i', 't_pkey' ], [ '-S', 's' ], [ '-j', '2', '-S', 's', '-S', 'public' ])
{
	my @command = ('reindexdb', @$arguments);
	$node->command_fails_like([ @command, 'postgres' ], $refused, "refused: @command");
	$node->command_ok([ @command, '--concurrently', 'postgres' ], "passes: @command --concurrently");
	local $ENV{PGOPTIONS} = '-c pg_safe_index.mode=off';
	$node->command_ok([ @command, 'postgres' ], "passes with the mode off: @command");
}

$node->stop;
done_testing();
