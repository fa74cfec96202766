# Proves: an invalid index is taken for an earlier try of a command in mode rewrite, and dropped, only if the command
# would make the very same index. Every definition is tried against every other one under the same name.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guarded_node('same', settings => q{
autovacuum = off
});
$node->safe_psql('postgres', q{
	CREATE TABLE t (a int, b text, c int, d int[], e varchar(10), f point);
	CREATE TABLE u (a int, b text, c int, d int[], e varchar(10), f point);
	CREATE FUNCTION one(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
	CREATE FUNCTION two(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
	CREATE DOMAIN positive AS int CHECK (VALUE > 0);
	ALTER TABLE t ADD g positive;
});

# Those in one line are different ways to write the same.
my @definitions = (
	[ 'ON t (a)', 'ON public.t USING btree (a ASC NULLS LAST)', 'ON ONLY t ((a))', 'ON t (a int4_ops)' ],
	[ 'ON t (a DESC)', 'ON t (a DESC NULLS FIRST)' ],
	[ 'ON t (a NULLS FIRST)' ],
	[ 'ON t (a DESC NULLS LAST)' ],
	[ 'ON t USING hash (a)' ],
	[ 'ON t USING brin (a)' ],
	[ 'ON t USING brin (a int4_minmax_multi_ops)' ],
	[ 'ON t USING brin (a int4_minmax_multi_ops (values_per_range = 16))' ],
	[ 'ON t USING brin (a int4_minmax_multi_ops (values_per_range = 32))' ],
	[ 'ON t USING brin (a) WITH (pages_per_range = 2)' ],
	[ 'ON t (c)' ],
	[ 'ON t (g)' ],
	[ 'ON t (a, c)' ],
	[ 'ON t (c, a)' ],
	[ 'ON t (a) INCLUDE (c)' ],
	[ 'ON t (a) INCLUDE (b)' ],
	[ 'ON t (a, a)' ],
	[ 'ON t (a) WITH (fillfactor = 70)', "ON t (a) WITH (FILLFACTOR = '70')" ],
	[ 'ON t (a) WITH (fillfactor = 80)' ],
	[ 'ON t (a) WHERE a > 0', 'ON t (a) WHERE ((t.a > 0))' ],
	[ 'ON t (a) WHERE a > 1' ],
	[ 'ON t (a) WHERE c > 0' ],
	[ 'ON t (a) WHERE a > 0 AND c > 0' ],
	[ 'ON t (a) WHERE a > 0 OR c > 0' ],
	[ 'ON t (b)', 'ON t (b COLLATE "default")' ],
	[ 'ON t (b COLLATE "C")' ],
	[ 'ON t (b text_pattern_ops)' ],
	[ 'ON t (b COLLATE "C" text_pattern_ops)' ],
	[ 'ON t (e)' ],
	[ 'ON t (lower(b))', 'ON t ((lower(b)))' ],
	[ 'ON t (upper(b))' ],
	[ 'ON t (lower(b) COLLATE "C")' ],
	[ 'ON t (lower(b COLLATE "C"))' ],
	[ 'ON t (lower(e))', 'ON t (lower(e::text))' ],
	[ 'ON t (one(a))' ],
	[ 'ON t (two(a))' ],
	[ 'ON t ((a + c))' ],
	[ 'ON t ((c + a))' ],
	[ 'ON t ((a + 1), c)' ],
	[ 'ON t (c, (a + 1))' ],
	[ 'ON t ((a + 2), c)' ],
	[ 'ON t USING gin (d)' ],
	[ 'ON t USING gin (d) WITH (fastupdate = off)' ],
	[ 'ON t USING gist (f)' ],
	[ 'ON t USING spgist (f)' ],
	[ 'ON t USING spgist (f kd_point_ops)' ],
	[ 'UNIQUE ON t (a)' ],
	[ 'UNIQUE ON t (a) NULLS NOT DISTINCT' ],
	[ 'ON u (a)' ]);

sub create
{
	my ($definition) = @_;
	my $unique = $definition =~ s/^UNIQUE // ? 'UNIQUE ' : '';
	return "CREATE ${unique}INDEX CONCURRENTLY i $definition";
}

# One session for all; a line for each pair that says what became of the index that was there.
my $script = '';
my @expected;
for my $i (0 .. $#definitions)
{
	for my $j (0 .. $#definitions)
	{
		for my $there ($i == $j ? @{ $definitions[$i] } : $definitions[$i][0])
		{
			for my $wanted ($i == $j ? @{ $definitions[$j] } : $definitions[$j][0])
			{
				push @expected, ($i == $j ? 'rebuilt' : 'kept') . " $there | $wanted";
				# CREATE INDEX IF NOT EXISTS is the way by which the same command comes to the same place.
				my $command = create($wanted) =~ s/CONCURRENTLY i/i/r;
				$script .= "SET pg_safe_index.mode = off; " . create($there) . ";
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass;
SELECT 'i'::regclass::oid AS before \\gset
SET pg_safe_index.mode = rewrite; $command;
SELECT CASE WHEN indexrelid = :before AND NOT indisvalid THEN 'kept' WHEN indexrelid <> :before AND indisvalid THEN 'rebuilt'
	ELSE 'odd' END || \$\$ $there | $wanted\$\$ FROM pg_index WHERE indexrelid = 'i'::regclass;
DROP INDEX CONCURRENTLY i;\n";
			}
		}
	}
}
my ($out, $err);
$node->psql('postgres', "SET client_min_messages = error;\n$script", stdout => \$out, stderr => \$err, on_error_stop => 0);
my @got = split /\n/, $out;
is(scalar(@got), scalar(@expected), 'an answer for each pair');
my @wrong = grep { $got[$_] ne $expected[$_] } 0 .. $#expected;
ok(!@wrong, scalar(@expected) . ' pairs of definitions') or diag(map { "$got[$_]\n" } @wrong);
unlike($err, qr/ERROR:  (?!relation "i" already exists)/, 'no other error') or diag($err =~ /^.*ERROR:  (?!relation).*$/mg);

$node->stop;
done_testing();
