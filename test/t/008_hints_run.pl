# Proves: the commands in a hint, cut out of the error message and run as they stand, succeed and leave the same
# indexes as the refused command does on a twin table with the mode off.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Twins;

my $node = guarded_node('hints', settings => q{
allow_in_place_tablespaces = on
});
$node->safe_psql('postgres', q{CREATE TABLESPACE other LOCATION ''});

for my $command (@commands)
{
	(my $name = $command) =~ s/\s+/ /g;
	(my $guarded = $command) =~ s/%SCHEMA%/guarded/;
	(my $twin = $command) =~ s/%SCHEMA%/twin/;
	make_twins($node);
	my $before = catalog_of($node, 'guarded');
	same_catalog($before, catalog_of($node, 'twin'), "twins: $name");

	# The command ends with the string, as most drivers send it, or with a semicolon.
	my $err;
	$node->psql('postgres', "SET search_path = guarded;\n$guarded\n;", stderr => \$err);
	my ($hint) = $err =~ /\nHINT:  (?:Use: |Use, one command at a time:\n)(.*;)\n/s;
	ok($hint, "refused with a hint: $name") or diag($err), next;
	same_catalog(catalog_of($node, 'guarded'), $before, "nothing has happened yet: $name");
	my $files = files_of($node, 'guarded');

	$node->psql('postgres', "\\set ON_ERROR_STOP 1\nSET search_path = guarded;\n$hint", stderr => \$err);
	$err =~ s/^.*(?:INFO|DETAIL|NOTICE):  .*\n?//mg; # of VERBOSE, of IF NOT EXISTS
	is($err, '', "runs: $name") or diag($hint);
	$node->safe_psql('postgres', "SET client_min_messages = error; SET pg_safe_index.mode = off; SET search_path = twin;
		$twin\n;");
	my $after = catalog_of($node, 'twin');
	if ($command =~ /^reindex/i) { isnt(files_of($node, 'guarded'), $files, "does something: $name"); }
	else { isnt($after, $before, "does something: $name"); }
	same_catalog(catalog_of($node, 'guarded'), $after, "the same catalogs: $name") or diag($hint);
}

# Tables that the search path does not find are named with their schema, all of them.
$node->safe_psql('postgres', "SET client_min_messages = error; SET pg_safe_index.mode = off;
	DROP SCHEMA guarded CASCADE; CREATE SCHEMA guarded; SET search_path = guarded; $tables");
for my $command ('CREATE INDEX hidden ON guarded.t (a)', 'CREATE INDEX ON guarded.p (lower(guarded.p.b))',
	'DROP INDEX guarded.i_1, guarded."I 2"')
{
	my $err;
	$node->psql('postgres', "$command;", stderr => \$err);
	my ($hint) = $err =~ /\nHINT:  (?:Use: |Use, one command at a time:\n)(.*;)\n/s;
	ok($hint, "refused with a hint: $command") or diag($err), next;
	$node->psql('postgres', "\\set ON_ERROR_STOP 1\n$hint", stderr => \$err);
	is($err, '', "runs: $command") or diag($hint);
}
is( $node->safe_psql('postgres', q{SELECT count(*) FROM pg_index WHERE NOT indisvalid}),
	'0', 'no invalid index anywhere');

$node->stop;
done_testing();
