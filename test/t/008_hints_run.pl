# Proves: the commands in a hint, cut out of the error message and run as they stand, succeed and leave the same
# indexes as the refused command does on a twin table with the mode off; and so does the line that says how to run the
# command anyway.
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
$node->safe_psql('postgres', 'CREATE EXTENSION pg_safe_index');

# The hint of the error, without what psql adds to it.
sub hint_in
{
	my ($err) = @_;
	my ($hint) = $err =~ /\nHINT:  (.*)\n?\z/s;
	return $hint // '';
}

# The commands of the hint for this command. If there are more than it shows: the call of pg_safe_index_plan() that returns all
# of them, for psql to run what it returns. The hint spells the call out unless the command is long or has several lines.
sub commands_in
{
	my ($hint, $command) = @_;
	return "$1 \\gexec\n" if $hint =~ /\nand so on; .*: (SELECT pg_safe_index_plan\(.*\));$/m;
	return "SELECT pg_safe_index_plan(\$psi\$$command\$psi\$) \\gexec\n"
	  if $hint =~ /\nand so on; pg_safe_index_plan\(\) of the extension returns all of the commands\.$/m;
	$hint =~ s/\A(?:Use: |Use, one command at a time:\n)// or return;
	return $hint =~ /\A(.*;)\n[^;]*To run it /s ? $1 : undef;
}

# Runs commands of a hint in psql, as a user pastes them. Returns the errors. The extension is in schema public.
sub paste
{
	my ($commands, $search_path) = @_;
	my $err;
	$node->psql('postgres', "\\set ON_ERROR_STOP 1\n" . ($search_path ? "SET search_path = $search_path, public;\n" : '') . $commands,
		stderr => \$err);
	$err =~ s/^.*(?:INFO|DETAIL|NOTICE):  .*\n?//mg; # of VERBOSE, of IF NOT EXISTS
	return $err;
}

sub run_on_twin
{
	my ($command) = @_;
	$node->safe_psql('postgres', "SET client_min_messages = error; SET pg_safe_index.mode = off; SET search_path = twin;
		$command\n;");
	return catalog_of($node, 'twin');
}

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
	my $hint = hint_in($err);
	my $commands = commands_in($hint, $guarded);
	ok($commands, "refused with a hint: $name") or diag($err), next;
	cmp_ok(scalar(split /\n/, $hint), '<=', 10, "ten lines at most: $name") unless $command =~ /\n/;
	same_catalog(catalog_of($node, 'guarded'), $before, "nothing has happened yet: $name");
	my $files = files_of($node, 'guarded');

	is(paste($commands, 'guarded'), '', "runs: $name") or diag($commands);
	my $after = run_on_twin($twin);
	if ($command =~ /^reindex/i) { isnt(files_of($node, 'guarded'), $files, "does something: $name"); }
	else { isnt($after, $before, "does something: $name"); }
	same_catalog(catalog_of($node, 'guarded'), $after, "the same catalogs: $name") or diag($commands);
}

# How to run it anyway: the line as it stands, or what it says is to begin the transaction with.
my $long = 'CREATE INDEX long ON t (a) WHERE ' . join(' AND ', ('b IS NOT NULL') x 12);
my $index_p = 'CREATE INDEX p_b ON p (b)';
for my $kind (
	['a command', 'CREATE INDEX t_a ON t (a) -- here', qr/^To run it anyway: (BEGIN; SET LOCAL pg_safe_index\.mode = off; CREATE INDEX t_a ON t \(a\); COMMIT;)\z/m],
	['several indexes', 'DROP INDEX i_1, "I 2"', qr/^To run it anyway: (BEGIN; .* COMMIT;)\z/m],
	['a constraint', 'ALTER TABLE n ADD UNIQUE (a)', qr/^To run it anyway: (BEGIN; .* COMMIT;)\z/m],
	['no safe form', 'ALTER TABLE n ADD EXCLUDE USING btree (a WITH =)',
		qr/^To run it anyway \(lock_timeout limits .*\): (BEGIN; SET LOCAL lock_timeout = '500ms'; .* COMMIT;)\z/m],
	['long', $long, qr/^To run it anyway, send it in a transaction that begins with: (SET LOCAL .*;)\z/m, 'begin'],
	['several lines', "CREATE INDEX t_a\n  ON t (a)", qr/^To run it anyway, send it in a transaction that begins with: (SET LOCAL .*;)\z/m, 'begin'],
	['in a block', 'CREATE INDEX t_a ON t (a)', qr/^To run it anyway, begin the transaction with: (SET LOCAL .*;)\z/m, 'begin', '', 'BEGIN;'],
	['no safe form, in a block', 'ALTER TABLE n ADD EXCLUDE USING btree (a WITH =)',
		qr/^To run it anyway \(.*\), begin the transaction with: (SET LOCAL lock_timeout = '500ms'; SET LOCAL .*;)\z/m, 'begin', '', 'BEGIN;'],
	['a partitioned table', 'REINDEX TABLE p', qr/^To run it anyway: (SET pg_safe_index\.mode = off; REINDEX TABLE p; RESET pg_safe_index\.mode;)\z/m, '', $index_p],
	['a partitioned table, several lines', "REINDEX TABLE\n  p",
		qr/^To run it anyway, begin with this, and RESET pg_safe_index\.mode afterwards: (SET pg_safe_index\.mode = off;)\z/m, 'between', $index_p],
	['a schema', 'REINDEX SCHEMA %SCHEMA%', qr/^To run it anyway: (SET .*; REINDEX SCHEMA .*; RESET .*;)\z/m],
	['a floor below the mode', 'CREATE INDEX t_a ON t (a)', qr/^To run it anyway: (BEGIN; SET LOCAL pg_safe_index\.mode = warn; .* COMMIT;)\z/m, '', '',
		'SET pg_safe_index.minimum_mode = warn;'],
	['mode warn', 'CREATE INDEX t_a ON t (a)', qr/^To run it without this warning: (BEGIN; SET LOCAL pg_safe_index\.mode = off; .* COMMIT;)$/m, '', '',
		'SET pg_safe_index.mode = warn;', 'SET pg_safe_index.mode = off; DROP INDEX t_a;'],
	['a partitioned index', 'DROP INDEX p_b', qr/\AUse, one command at a time:\n(BEGIN;\n.*COMMIT;)\nPostgreSQL cannot drop [^;]*\z/s, '', $index_p],
	['a partitioned index under a floor', 'DROP INDEX p_b',
		qr/\AUse, one command at a time:\n(SET pg_safe_index\.mode = rewrite;\n.*RESET pg_safe_index\.mode;)\nPostgreSQL cannot drop [^;]*\z/s, '', $index_p,
		'SET pg_safe_index.minimum_mode = error;'],
	['a partitioned index under a floor of warn', 'DROP INDEX p_b',
		qr/\AUse, one command at a time:\n(BEGIN;\n.*mode = warn;\n.*COMMIT;)\nPostgreSQL cannot drop [^;]*\z/s, '', $index_p,
		'SET pg_safe_index.minimum_mode = warn;'])
{
	my ($name, $command, $line, $around, $before, $settings, $undo) = @$kind;
	$_ //= '' for $around, $before, $settings, $undo;
	(my $guarded = $command) =~ s/%SCHEMA%/guarded/;
	(my $twin = $command) =~ s/%SCHEMA%/twin/;
	make_twins($node);
	$node->safe_psql('postgres', "SET client_min_messages = error; SET pg_safe_index.mode = off;
		SET search_path = guarded; $before; SET search_path = twin; $before") if $before;
	my ($catalog, $files) = (catalog_of($node, 'guarded'), files_of($node, 'guarded'));
	my $err;
	$node->psql('postgres', "SET search_path = guarded;\n$settings\n$guarded;\n$undo", stderr => \$err);
	my ($commands) = hint_in($err) =~ $line;
	ok($commands, "anyway, $name: the line") or diag($err), next;
	$commands = "BEGIN; $commands\n$guarded;\nCOMMIT;" if $around eq 'begin';
	$commands = "$commands\n$guarded;\nRESET pg_safe_index.mode;" if $around eq 'between';
	my $floor = $settings =~ /(SET pg_safe_index\.minimum_mode = \w+;)/ ? $1 : '';
	# What the session is left with afterwards.
	my $said = paste("$floor\n$commands\nSELECT 1 / (count(*) = 2)::int FROM pg_settings
		WHERE name IN ('lock_timeout', 'pg_safe_index.mode') AND setting = boot_val;", 'guarded');
	$said =~ s/^.*WARNING:  .* would block.*\n(?:HINT: |DETAIL: |Use|To run).*//ms if $floor;
	is($said, '', "anyway, $name: runs") or diag($commands);
	my $after = run_on_twin($twin);
	if ($command =~ /^reindex/i) { isnt(files_of($node, 'guarded'), $files, "anyway, $name: does something"); }
	else { isnt($after, $catalog, "anyway, $name: does something"); }
	same_catalog(catalog_of($node, 'guarded'), $after, "anyway, $name: the same catalogs");
}

# Under a floor of error nothing runs it anyway, and no line says so.
{
	my $err;
	make_twins($node);
	$node->psql('postgres', "SET search_path = guarded; SET pg_safe_index.minimum_mode = error; CREATE INDEX ON t (a);", stderr => \$err);
	is(hint_in($err), 'Use: CREATE INDEX CONCURRENTLY ON t (a);', 'no way around a floor');
	$node->psql('postgres', "SET search_path = guarded; SET pg_safe_index.minimum_mode = error; SET pg_safe_index.mode = off;
CREATE INDEX ON t (a);", stderr => \$err);
	is(hint_in($err), "Use: CREATE INDEX CONCURRENTLY ON t (a);\npg_safe_index.minimum_mode = error overrides pg_safe_index.mode = off.",
		'... and the mode of the session is overridden');
}

# Tables that the search path does not find are named with their schema, all of them.
$node->safe_psql('postgres', "SET client_min_messages = error; SET pg_safe_index.mode = off;
	DROP SCHEMA guarded CASCADE; CREATE SCHEMA guarded; SET search_path = guarded; $tables");
for my $command ('CREATE INDEX hidden ON guarded.t (a)', 'CREATE INDEX ON guarded.email (lower(guarded.email.email))',
	'DROP INDEX guarded.i_1, guarded."I 2"')
{
	my $err;
	$node->psql('postgres', "$command;", stderr => \$err);
	my $commands = commands_in(hint_in($err), $command);
	ok($commands, "refused with a hint: $command") or diag($err), next;
	is(paste($commands), '', "runs: $command") or diag($commands);
}
is( $node->safe_psql('postgres', q{SELECT count(*) FROM pg_index WHERE NOT indisvalid}),
	'0', 'no invalid index anywhere');

$node->stop;
done_testing();
