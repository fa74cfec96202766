# Proves: what later versions brought: NOT NULL constraints that a primary key cannot use, generated columns without storage (18),
# exclusion constraints on partitioned tables (17), WITHOUT OVERLAPS (18), which a partition may lack.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guarded_node('versions');
plan skip_all => 'nothing to see before 17' if $node->pg_version < 17;

# What the guard or PostgreSQL says to a statement.
sub said
{
	my ($sql) = @_;
	my $err;
	$node->psql('postgres', $sql, stderr => \$err);
	return $err;
}

$node->safe_psql('postgres', q{
	SET pg_safe_index.mode = off;
	CREATE TABLE e (a int NOT NULL, b int) PARTITION BY RANGE (a);
	CREATE TABLE e_1 PARTITION OF e FOR VALUES FROM (0) TO (10);
	CREATE TABLE x (a int NOT NULL, b int, EXCLUDE (a WITH =, b WITH =)) PARTITION BY RANGE (a);
	CREATE TABLE x_1 (a int NOT NULL, b int);
});
like(said('ALTER TABLE e ADD EXCLUDE (a WITH =, b WITH =)'), qr/^psql.*ERROR:  ALTER TABLE ADD EXCLUDE would block/,
	'an exclusion constraint on a partitioned table');
like(said('ALTER TABLE e ADD EXCLUDE (b WITH =)'), qr/must include all partitioning columns/,
	"... without the partition key is PostgreSQL's own error");
for my $mode (qw(error rewrite))
{
	my $err = said("SET pg_safe_index.mode = $mode; ALTER TABLE x ATTACH PARTITION x_1 FOR VALUES FROM (0) TO (10)");
	like($err, qr/ERROR:  ALTER TABLE ATTACH PARTITION would block/, "mode $mode: a partition that lacks an exclusion constraint");
	like($err, qr/cannot build the index of an exclusion constraint/, "mode $mode: ... for which there is no concurrent form");
	unlike($err, qr/CREATE (UNIQUE )?INDEX/, "mode $mode: ... and no command that could never become it");
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_index WHERE indrelid = 'x_1'::regclass}), 0, 'no index is left');

if ($node->pg_version >= 18)
{
	$node->safe_psql('postgres', q{
		SET pg_safe_index.mode = off;
		CREATE TABLE nv (a int, b int, g int GENERATED ALWAYS AS (a * 2) VIRTUAL, s int GENERATED ALWAYS AS (a * 2) STORED);
		ALTER TABLE nv ADD CONSTRAINT nv_a NOT NULL a NOT VALID;
		ALTER TABLE nv ADD CONSTRAINT nv_b NOT NULL b NO INHERIT;
		CREATE TABLE keyed (a int PRIMARY KEY) PARTITION BY RANGE (a);
		CREATE TABLE nv_1 (a int);
		ALTER TABLE nv_1 ADD NOT NULL a NOT VALID;
		CREATE TABLE unvalidated (a int) PARTITION BY RANGE (a);
		ALTER TABLE unvalidated ADD NOT NULL a NOT VALID;
		CREATE INDEX ON unvalidated (a);
		CREATE TABLE n (a int CONSTRAINT n_not_null NOT NULL, b int);
		CREATE UNIQUE INDEX n_a ON n (a);
		CREATE TABLE o (a int4range, b int4range, PRIMARY KEY (a, b WITHOUT OVERLAPS)) PARTITION BY LIST (a);
		CREATE TABLE o_1 (a int4range NOT NULL, b int4range NOT NULL);
	});
	for my $sql ('ALTER TABLE nv ADD PRIMARY KEY (a)', 'ALTER TABLE nv ADD PRIMARY KEY (b)', 'CREATE INDEX ON nv (g)',
		'ALTER TABLE nv ADD UNIQUE (g)', 'ALTER TABLE nv ADD COLUMN h int GENERATED ALWAYS AS (a * 3) VIRTUAL UNIQUE',
		'ALTER TABLE nv ADD COLUMN h int GENERATED ALWAYS AS (a * 3) VIRTUAL, ADD UNIQUE (h)',
		'ALTER TABLE keyed ATTACH PARTITION nv_1 FOR VALUES FROM (0) TO (10)')
	{
		my $off = said("SET pg_safe_index.mode = off; $sql");
		like($off, qr/ERROR/, "PostgreSQL refuses: $sql");
		my ($error) = $off =~ /(ERROR:.*)/;
		like(said($sql), qr/\Q$error\E/, "... word for word with the guard");
	}
	like(said('ALTER TABLE unvalidated ATTACH PARTITION nv_1 FOR VALUES FROM (0) TO (10)'), qr/would block reads and writes/,
		'a parent whose NOT NULL is not valid takes such a partition');
	like(said('ALTER TABLE n DROP CONSTRAINT n_not_null, ADD PRIMARY KEY USING INDEX n_a'), qr/would block reads and writes/,
		'a NOT NULL constraint that the command drops proves nothing');
	my $dropped = 'ALTER TABLE nv DROP CONSTRAINT nv_a, ADD PRIMARY KEY (a)';
	my ($own) = said("SET pg_safe_index.mode = off; BEGIN; $dropped; ROLLBACK") =~ /(ERROR:.*)/;
	like(said($dropped), defined $own ? qr/\Q$own\E/ : qr/DETAIL:  Reads and writes of the table/,
		'a NOT NULL constraint that a key could not use, and that the command drops');
	unlike(said('BEGIN; ALTER TABLE n ADD PRIMARY KEY USING INDEX n_a; ROLLBACK'), qr/ERROR/, '... one that stays does');
	like(said('CREATE INDEX ON nv (s)'), qr/would block writes/, 'a stored generated column can be indexed');
	like(said(q{ALTER TABLE o ATTACH PARTITION o_1 FOR VALUES IN ('[1,2)')}), qr/cannot build the index of an exclusion constraint/,
		'a partition that lacks a constraint WITHOUT OVERLAPS');
}

$node->stop;
done_testing();
