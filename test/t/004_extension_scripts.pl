# Proves: the scripts of extensions pass (CREATE EXTENSION, ALTER EXTENSION UPDATE), and a command that a module
# executes with a query text that is not its own gets a hint that is written from the tree.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guarded_node('scripts');
$node->safe_psql('postgres', 'CREATE TABLE psi_probe_target (a int)');

my ($out, $err);
$node->psql('postgres', 'CREATE EXTENSION psi_probe', stderr => \$err);
is($err, '', 'CREATE EXTENSION');
$node->psql('postgres', q{ALTER EXTENSION psi_probe UPDATE TO '1.1'}, stderr => \$err);
is($err, '', 'ALTER EXTENSION UPDATE');
is($node->safe_psql('postgres', q{SELECT to_regclass('psi_probe_a') IS NULL, to_regclass('psi_probe_b') IS NULL}),
	't|f', 'both scripts did their work');
$node->psql('postgres', 'CREATE INDEX ON psi_probe_target (a)', stderr => \$err);
like($err, qr/would block writes/, 'the same command outside of a script');

# A query text that has nothing to do with the tree.
$node->safe_psql('postgres', q{
	CREATE TABLE "T" (a int, "B b" text, c int[]);
	CREATE TABLE p (a int, b text) PARTITION BY RANGE (a);
	CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
	CREATE TABLE psi_twin (a int, "B b" text, c int[])});

sub hint_for
{
	my ($command, $text) = @_;
	$node->psql('postgres', "SELECT psi_probe_execute(\$psi\$$command\$psi\$, \$psi\$$text\$psi\$)", stderr => \$err);
	my ($hint) = $err =~ /\nHINT:  (?:Use: |Use, one command at a time:\n)(.*;)\n[^\n]*cannot run inside a transaction block/s;
	return $hint // "no hint in: $err";
}

is( hint_for('create index "I" on "T" (a desc nulls last, lower("B b") collate "C" text_pattern_ops) where a > 0',
		'SELECT 1'),
	'CREATE INDEX CONCURRENTLY "I" ON "T" (a DESC NULLS LAST, lower("B b") COLLATE "C" text_pattern_ops) WHERE (a > 0);',
	'expression, collation, operator class, order, predicate');
is( hint_for('create unique index if not exists i on "T" ("B b") include (a) nulls not distinct '
		  . 'with (fillfactor = 70, deduplicate_items = off) tablespace pg_default', ''),
	q{CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON "T" ("B b") INCLUDE (a) NULLS NOT DISTINCT }
	  . q{WITH (fillfactor = '70', deduplicate_items = 'off') TABLESPACE pg_default;},
	'unique, included columns, options, tablespace');
is( hint_for('create index on "T" using gin (c array_ops)', 'CREATE INDEX'),
	'CREATE INDEX CONCURRENTLY ON "T" USING gin (c array_ops);', 'no name, access method');
is( hint_for('create index on p (b)', 'CREATE TABLE x (a int)'),
	"SET lock_timeout = '500ms';\nCREATE INDEX p_b_idx ON ONLY p (b);\nRESET lock_timeout;\n"
	  . "CREATE INDEX CONCURRENTLY p_1_b_idx ON p_1 (b);\n"
	  . "SET lock_timeout = '500ms';\nALTER INDEX p_b_idx ATTACH PARTITION p_1_b_idx;\nRESET lock_timeout;",
	'partitioned table');
# A text of the same kind, and yet not this tree's; one that the scanner stumbles over.
is( hint_for('create index on p (lower(p.b))', 'CREATE INDEX abcdefghijk ON p (b)'),
	"SET lock_timeout = '500ms';\nCREATE INDEX p_lower_idx ON ONLY p (lower(b));\nRESET lock_timeout;\n"
	  . "CREATE INDEX CONCURRENTLY p_1_lower_idx ON p_1 (lower(b));\n"
	  . "SET lock_timeout = '500ms';\nALTER INDEX p_lower_idx ATTACH PARTITION p_1_lower_idx;\nRESET lock_timeout;",
	'column references that are not in the text');
is(hint_for('create index on "T" (a)', q{CREATE INDEX ' ON "T" (a)}),
	'CREATE INDEX CONCURRENTLY ON "T" (a);', 'a quote that is not closed');
is(hint_for('drop index psi_probe_b', 'SELECT 1'), 'DROP INDEX CONCURRENTLY psi_probe_b;', 'DROP INDEX');

# What is written from the tree can be run, and makes the same index as the command itself.
for my $command (
	'create index i on "T" (a desc nulls last, lower("B b") collate "C" text_pattern_ops) where a > 0 and "B b" <> \'x\'',
	'create unique index i on "T" ("B b") include (a) nulls not distinct with (fillfactor = 70)',
	'create index i on "T" using brin (a int4_minmax_multi_ops (values_per_range = 16))')
{
	my $hint = hint_for($command, 'SELECT 1');
	$node->psql('postgres', $hint, stderr => \$err);
	is($err, '', "runs: $hint");
	my $made = $node->safe_psql('postgres', q{SELECT pg_get_indexdef('i'::regclass)});
	$node->safe_psql('postgres', "SET pg_safe_index.mode = off; DROP INDEX i; $command");
	is($made, $node->safe_psql('postgres', q{SELECT pg_get_indexdef('i'::regclass)}), 'the same index');
	$node->safe_psql('postgres', 'DROP INDEX CONCURRENTLY i');
}

$node->stop;
done_testing();
