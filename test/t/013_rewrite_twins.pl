# Proves: what mode rewrite runs in place of a violation leaves the same catalogs as the plain command does on a twin
# (definitions, flags, dependencies, constraint and partition inheritance, comments, statistics targets), with the
# same command tag; and what it cannot run it refuses with the hint of mode error, having done nothing.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Twins;

my $node = guarded_node('rewrite', settings => q{
allow_in_place_tablespaces = on
});
$node->safe_psql('postgres', q{CREATE TABLESPACE other LOCATION ''});

# More than the hints have: matching indexes that are there already, deeper trees, privileges.
push @commands, (
	'CREATE INDEX ON t (a) TABLESPACE other',
	'CREATE UNIQUE INDEX ON p (c, a, b)',
	'CREATE INDEX p_b ON ONLY t (b)',
	'CREATE INDEX ON p (b DESC NULLS LAST, lower(b) text_pattern_ops) INCLUDE (c) WHERE c > 0',
	'CREATE INDEX ON o (b)',
	'CREATE INDEX "O ""b""" ON o USING brin (b) WITH (pages_per_range = 8) TABLESPACE other',
	'ALTER TABLE o ADD CONSTRAINT o_pk PRIMARY KEY (a)',
	'ALTER TABLE o ADD UNIQUE NULLS NOT DISTINCT (a, b)',
	'ALTER TABLE t ADD CONSTRAINT t_u UNIQUE (a)',
	'ALTER INDEX i_5 SET TABLESPACE other',
	'REINDEX INDEX i_5',
	'REINDEX INDEX i_1',
	'DROP INDEX i_1, i_5',
	'CREATE INDEX IF NOT EXISTS i_1 ON t (a)',
);

# What is refused: no single safe form, or more than one thing at once.
my $refused = qr/CASCADE|ADD (COLUMN )?(IF NOT EXISTS )?z|add unique \(d\)|, ADD UNIQUE|, ALTER b|SET \(fillfactor|ADD PRIMARY KEY \(a, |^ALTER TABLE (ONLY h|k|one) |, ADD CHECK|^ALTER TABLE IF EXISTS n ADD CONSTRAINT pk/;

# Rows, tags and messages.
sub run_as
{
	my ($schema, $mode, $command) = @_;
	my ($out, $err);
	my $in = "SET search_path = $schema; SET pg_safe_index.mode = $mode;\n$command\n;";
	IPC::Run::run([ 'psql', '-XAt', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, '2>', \$err);
	return ($out, $err);
}

my ($rewritten, $not) = (0, 0);
for my $command (@commands)
{
	(my $name = $command) =~ s/\s+/ /g;
	make_twins($node);
	my $before = catalog_of($node, 'guarded');
	my $files = files_of($node, 'guarded');
	my ($out, $err) = run_as('guarded', 'rewrite', $command =~ s/%SCHEMA%/guarded/r);
	if ($command =~ $refused)
	{
		$not++;
		like($err, qr/^ERROR:.*would block.*\nDETAIL:.*\nHINT:  /s, "refused: $name");
		same_catalog(catalog_of($node, 'guarded'), $before, "nothing has happened: $name");
		next;
	}
	$rewritten++;
	like($err, qr/^NOTICE:  .*: the safe form is run instead$/m, "rewritten: $name");
	unlike($err, qr/^(ERROR|WARNING)/m, "no error: $name");
	my ($twin_out, $twin_err) = run_as('twin', 'off', $command =~ s/%SCHEMA%/twin/r);
	unlike($twin_err, qr/^ERROR/m, "the twin has none: $name");
	is($out, $twin_out, "the same tag: $name");
	my $after = catalog_of($node, 'twin');
	if ($command =~ /^reindex/i) { isnt(files_of($node, 'guarded'), $files, "does something: $name"); }
	elsif ($command !~ /IF NOT EXISTS i_1/) { isnt($after, $before, "does something: $name"); }
	same_catalog(catalog_of($node, 'guarded'), $after, "the same catalogs: $name");
}
cmp_ok($rewritten, '>=', 40, 'statements that were rewritten');
note("$rewritten rewritten, $not refused");
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_index WHERE NOT indisvalid}), '0', 'no invalid index anywhere');
unlike(slurp_file($node->logfile), qr/still active|not closed|leaked|PANIC|TRAP/, 'nothing in the log');

$node->stop;
done_testing();
