# The server that a test begins with.
package Guarded;
use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(guarded_node);

# The superuser has the same name whoever runs the tests, and the clients connect as that one unless told otherwise.
INIT { $ENV{PGUSER} = 'postgres' }

# guarded_node(NAME, OPTION => VALUE...): a new server that has loaded pg_safe_index and runs.
#   libraries => 'a, b'  what it preloads instead; empty: nothing
#   settings => 'x = 1'  more lines for postgresql.conf
#   init => [...]        for PostgreSQL::Test::Cluster's init()
#   start => 0           it does not run yet
sub guarded_node
{
	my ($name, %opt) = @_;
	my %init = @{ $opt{init} // [] };
	my $node = PostgreSQL::Test::Cluster->new($name);
	# Nor does it matter which locale they have.
	$node->init(%init, extra => [ '-U', 'postgres', '-E', 'UTF8', '--locale=C', @{ $init{extra} // [] } ]);
	my $libraries = $opt{libraries} // 'pg_safe_index';
	$node->append_conf('postgresql.conf', "shared_preload_libraries = '$libraries'") if $libraries;
	# With the SQLSTATE: XX000 in the log is an internal error.
	$node->append_conf('postgresql.conf', "log_line_prefix = '%m [%p] %e %q%a '");
	$node->append_conf('postgresql.conf', $opt{settings}) if $opt{settings};
	$node->start if $opt{start} // 1;
	return $node;
}

1;
