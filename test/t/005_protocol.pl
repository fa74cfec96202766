# Proves: the same verdicts over the extended protocol, with statements prepared once and executed many times.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guarded_node('protocol');
$node->safe_psql('postgres', 'CREATE TABLE t (a int); CREATE SEQUENCE s');

my $refused = qr/ERROR:  CREATE INDEX without CONCURRENTLY would block writes to table "t"/;

# Runs a pgbench script; gives its exit status and all that it said.
sub bench
{
	my ($protocol, $script, $transactions) = @_;
	my $file = $node->basedir . '/script.sql';
	open(my $handle, '>', $file) or die;
	print $handle $script;
	close $handle;
	my ($out, $err) = ('', '');
	my $ok = run_log([ 'pgbench', '-n', '-M', $protocol, '-t', $transactions // 1, '-f', $file,
			'-d', $node->connstr('postgres') ], '>', \$out, '2>', \$err);
	return ($ok, "$out$err");
}

for my $protocol (qw(simple extended prepared))
{
	my ($ok, $said) = bench($protocol, "CREATE INDEX ON t (a);\n");
	like($said, $refused, "$protocol: refused");
	($ok, $said) = bench($protocol, "BEGIN;\nCREATE INDEX ON t (a);\nEND;\n");
	like($said, qr/CREATE INDEX CONCURRENTLY cannot run inside a transaction block/, "$protocol: in a block");
	($ok, $said) = bench($protocol, "CREATE INDEX CONCURRENTLY t_a ON t (a);\nDROP INDEX CONCURRENTLY t_a;\n", 3);
	ok($ok, "$protocol: concurrent, prepared once and executed three times");
	($ok, $said) = bench($protocol,
		"BEGIN;\nCREATE TABLE n (a int);\nCREATE INDEX n_a ON n (a);\nDROP INDEX n_a;\nROLLBACK;\n", 3);
	ok($ok, "$protocol: a new table, three times");
	($ok, $said) = bench($protocol, "SET pg_safe_index.mode = warn;\nCREATE INDEX ON t (a);\n", 3);
	ok($ok, "$protocol: warned about and run, three times");
	my @warnings = $said =~ /(WARNING:  CREATE INDEX without)/g;
	is(scalar(@warnings), 3, "$protocol: a warning each");
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass}), '9',
	'nothing else was built');

# A pipeline is an implicit transaction block only from its second command on; the hint goes by that.
my ($ok, $said) = bench('extended', "\\startpipeline\nSELECT 1;\nCREATE INDEX ON t (a);\n\\endpipeline\n");
like($said, $refused, 'pipeline: refused');

# A setting that the scanner goes by, changed in the same string: what was parsed is no string any more. It has gone in 19.
SKIP:
{
	skip 'standard_conforming_strings cannot be turned off', 7
	  if $node->safe_psql('postgres', q{SELECT current_setting('server_version_num')::int >= 190000}) eq 't';
	$node->safe_psql('postgres', 'CREATE TABLE s_t (b text)');
	for my $string (q{U&'\0061'}, q{'\377'}, q{'\u00'})
	{
		my $sql = "SET escape_string_warning = off; SET standard_conforming_strings = off; CREATE INDEX ON s_t (b) WHERE b = $string";
		my ($out, $err);
		# -c: psql's own scanner is not asked.
		run_log([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "SET pg_safe_index.mode = warn; $sql" ], '>', \$out, '2>', \$err);
		like($err, qr/^WARNING:  CREATE INDEX without CONCURRENTLY/, "$string: a warning");
		run_log([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', $sql ], '>', \$out, '2>', \$err);
		like($err, qr/^ERROR:  CREATE INDEX without CONCURRENTLY/, "$string: refused");
	}
	is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_index WHERE indrelid = 's_t'::regclass}), '3', 'built');
}

$node->stop;
done_testing();
