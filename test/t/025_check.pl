# Proves: pg_safe_index_check() says beforehand what happens when a statement is executed: each statement of the regression
# tests by itself, and migrations as a whole. It does so on a standby, in read-only transactions and without
# shared_preload_libraries, and the examples of docs/check.md run as they stand.
use strict;
use warnings;
use File::Basename;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $node = guarded_node('check', settings => q{
allow_in_place_tablespaces = on
max_prepared_transactions = 0
}, init => [ allows_streaming => 1 ]);
my $root = -d "$FindBin::Bin/../sql" ? "$FindBin::Bin/.." : "$FindBin::Bin/../..";

# The statements of a psql script, and its lines for psql itself.
sub parts_of
{
	my ($text) = @_;
	my (@parts, $part);
	while ($text =~ /\G(
			(?<psql> ^\\[^\n]*\n) | (?<end> ;) | --[^\n]* | \/\*.*?\*\/ | [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' |
			"(?:[^"]|"")*" | (?<tag>\$\w*\$).*?\g{tag} | \w+ | \s+ | .)/gxsm)
	{
		if (defined $+{psql}) { push @parts, { psql => $+{psql} } }
		elsif (defined $+{end})
		{
			push @parts, { statement => $part } if defined $part && $part =~ /\S/;
			undef $part;
		}
		else { $part .= $1 }
	}
	return @parts;
}

# What psql says, one statement after the other.
sub run_psql
{
	my ($database, $script) = @_;
	my ($out, $err);
	$node->psql($database, $script, on_error_stop => 0, stdout => \$out, stderr => \$err);
	return $out;
}

# The statements of one file, each checked and then executed in the same session.
sub replay
{
	my ($file) = @_;
	my (@statements, $script);
	for my $part (parts_of(slurp_file($file)))
	{
		if ($part->{psql})
		{
			$script .= $part->{psql} unless $part->{psql} =~ /^\\(?:set VERBOSITY|pset|o\b|d|!|timing|a\b|x\b|t\b)/;
			next;
		}
		# Variables and commands of psql within a statement.
		my $plain = $part->{statement} !~ /\\|(?<!:):['"a-z]/i;
		my $number = @statements;
		push @statements, $part->{statement};
		$script .= qq{
SELECT format('\@C %s %s %s', $number, c.verdict, c.reason) FROM public.pg_safe_index_check(\$psi_check\$$part->{statement}\$psi_check\$,
	pg_catalog.now() <> pg_catalog.statement_timestamp()) c
 WHERE pg_catalog.current_setting('pg_safe_index.mode') = 'error' AND pg_catalog.current_setting('pg_safe_index.minimum_mode') = 'off'
   AND pg_catalog.current_setting('pg_safe_index.exempt_applications') = ''
   AND pg_catalog.current_setting('transaction_read_only') = 'off';
} if $plain;
		$script .= "$part->{statement};\n\\echo \@R $number :ERROR :LAST_ERROR_MESSAGE\n";
	}
	return (run_psql('replay', $script), \@statements);
}

my $compared = 0;
my %verdicts;
for my $file (sort glob("$root/sql/*.sql"))
{
	my $name = basename($file, '.sql');
	next if $name eq 'check';
	$node->safe_psql('postgres', 'DROP DATABASE IF EXISTS replay');
	$node->safe_psql('postgres', 'CREATE DATABASE replay');
	$node->safe_psql('replay', 'CREATE EXTENSION pg_safe_index');
	my ($out, $statements) = replay($file);
	my (%check, @wrong);
	for (split /\n/, $out)
	{
		$check{$1} = [ $2, $3 ] if /^\@C (\d+) (\w+) (\w+)/;
		next unless /^\@R (\d+) (\w+) ?(.*)/ && $check{$1};
		my ($number, $failed, $message) = ($1, $2 eq 'true', $3);
		my ($verdict, $reason) = @{ $check{$number} };
		my $ours = $failed && $message =~ /would block|would skip/;
		++$compared;
		++$verdicts{$verdict};
		my $right = $verdict eq 'violation' ? $ours : $verdict eq 'refused' ? $failed && !$ours
			: $verdict eq 'unknown' ? $reason eq 'not_followed' ||
			# of a failed build, with drop_failed_builds
			$statements->[$number] =~ /CONCURRENTLY IF NOT EXISTS/ : !$ours;
		push @wrong, "$verdict ($reason), but: " . ($failed ? $message : 'no error') . "\n$statements->[$number]" unless $right;
	}
	is(join("\n", @wrong), '', "$name: the verdicts are what happens");
}
cmp_ok($compared, '>', 300, 'so many statements were compared');
cmp_ok($verdicts{$_} // 0, '>', 10, "many of them: $_") for qw(violation passes refused);
note(join ', ', map { "$_: $verdicts{$_}" } sort keys %verdicts);

# Migrations as a whole, against what happens when their statements are executed, in mode warn.
my $tables = q{
CREATE TABLE t (a int, b text, c int);
CREATE INDEX t_b ON t (b);
CREATE TABLE p (a int, b int) PARTITION BY LIST (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE o (a int PRIMARY KEY);
CREATE TABLE parent (a int, b int);
CREATE TABLE child (k int) INHERITS (parent);
CREATE INDEX p_b ON p (b);
CREATE TABLE theirs (a int, b int);
ALTER TABLE theirs OWNER TO other;
GRANT CREATE ON SCHEMA public TO other;
};
my %migrations = (
	'a new column' => 'ALTER TABLE t ADD COLUMN d int; CREATE INDEX ON t (d); ALTER TABLE t ADD UNIQUE (d); CREATE INDEX ON t (e)',
	'a new table' => 'BEGIN; CREATE TABLE n (x int); CREATE INDEX n_x ON n (x); COMMIT; CREATE INDEX ON n (x); DROP INDEX n_x',
	'IF NOT EXISTS' => 'CREATE TABLE IF NOT EXISTS t (a int); CREATE INDEX ON t (a); BEGIN; CREATE TABLE IF NOT EXISTS n (x int); CREATE INDEX ON n (x); COMMIT',
	'a rollback' => 'BEGIN; CREATE TABLE n (x int); ROLLBACK; BEGIN; ALTER TABLE t ADD COLUMN d int; ROLLBACK; CREATE INDEX ON t (d); CREATE INDEX ON t (a)',
	'savepoints' => 'BEGIN; CREATE TABLE n (x int); SAVEPOINT s; DROP TABLE t; CREATE TABLE t (a int); CREATE INDEX ON t (a);
		ROLLBACK TO s; CREATE INDEX ON t (a); SAVEPOINT r; ALTER TABLE n RENAME TO m; RELEASE r; CREATE INDEX ON m (x); COMMIT; CREATE INDEX ON m (x)',
	'replaced' => 'BEGIN; DROP TABLE t; CREATE TABLE t (z int); CREATE INDEX t_b ON t (z); COMMIT; CREATE INDEX ON t (z); DROP INDEX t_b',
	'renamed' => 'ALTER TABLE t RENAME TO u; CREATE INDEX ON u (a); CREATE INDEX ON t (a); ALTER TABLE u RENAME COLUMN a TO z;
		CREATE INDEX ON u (z); CREATE INDEX ON u (a); ALTER INDEX t_b RENAME TO u_b; DROP INDEX u_b; DROP INDEX t_b',
	'names that PostgreSQL chooses' => 'CREATE INDEX ON t (a); CREATE INDEX ON t (a); DROP INDEX t_a_idx1; DROP INDEX t_a_idx; DROP INDEX t_a_idx2;
		ALTER TABLE t ADD UNIQUE (a, c); DROP INDEX t_a_c_key; ALTER TABLE t DROP CONSTRAINT t_a_c_key; DROP INDEX t_a_c_key',
	'dropped' => 'ALTER TABLE t DROP COLUMN a; CREATE INDEX ON t (a); CREATE INDEX ON t (c); DROP TABLE t; DROP INDEX IF EXISTS t_b;
		CREATE INDEX ON t (c); REINDEX INDEX t_b',
	'schemas' => 'CREATE SCHEMA s; SET search_path = s, public; BEGIN; CREATE TABLE t (x int); CREATE INDEX ON t (x); COMMIT; CREATE INDEX ON t (x);
		CREATE INDEX ON public.t (a); SET search_path = public; CREATE INDEX ON t (a); CREATE INDEX ON s.t (x); CREATE INDEX ON nowhere.t (x)',
	'SET LOCAL' => 'CREATE SCHEMA s; CREATE TABLE s.only_here (x int); BEGIN; SET LOCAL search_path = s; CREATE INDEX ON only_here (x); COMMIT; CREATE INDEX ON only_here (x)',
	'set_config()' => "SELECT pg_catalog.set_config('search_path', '', false); CREATE INDEX ON t (a); CREATE INDEX ON public.t (a)",
	'temporary' => 'CREATE TEMP TABLE t (x int); CREATE INDEX ON t (x); CREATE INDEX ON public.t (a); DROP TABLE t; CREATE INDEX ON t (a)',
	'partitions' => 'BEGIN; CREATE TABLE q (a int, b int) PARTITION BY LIST (a); CREATE TABLE q1 PARTITION OF q FOR VALUES IN (1); CREATE INDEX ON q (a); COMMIT;
		CREATE INDEX ON q (b); CREATE INDEX ON ONLY q (b); CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2); CREATE INDEX ON p (b); DROP TABLE p; CREATE INDEX ON p1 (a)',
	'no partitions' => 'CREATE TABLE q (a int) PARTITION BY LIST (a); CREATE INDEX ON q (a)',
	'a new partition' => 'BEGIN; CREATE TABLE p3 (a int, b int); ALTER TABLE p ATTACH PARTITION p3 FOR VALUES IN (3); COMMIT',
	'in a block' => 'BEGIN; CREATE INDEX CONCURRENTLY ON t (a); ROLLBACK; CREATE INDEX CONCURRENTLY ON t (a)',
	'roles' => 'SET ROLE other; CREATE INDEX ON t (a); RESET ROLE; CREATE INDEX ON t (a); BEGIN; SET LOCAL ROLE other; ROLLBACK; CREATE INDEX ON t (c)',
	'primary keys' => 'ALTER TABLE t ADD COLUMN id int; ALTER TABLE t ADD PRIMARY KEY (id); ALTER TABLE t ADD PRIMARY KEY (a); ALTER TABLE o ADD COLUMN d int; ALTER TABLE o ADD PRIMARY KEY (d)',
	'a type that has no order' => 'ALTER TABLE t ADD COLUMN d json; CREATE INDEX ON t (d); CREATE INDEX ON t USING gin (d); ALTER TABLE t ADD COLUMN e text[]; CREATE INDEX ON t USING gin (e)',
	'CREATE TABLE AS' => 'BEGIN; CREATE TABLE n AS SELECT 1 AS x; CREATE INDEX ON n (x); SELECT 1 AS y INTO m; CREATE INDEX ON m (y); COMMIT',
	'a name that is taken' => 'CREATE TABLE n (x int); ALTER TABLE t ADD CONSTRAINT n UNIQUE (a); CREATE INDEX n ON t (a); CREATE INDEX IF NOT EXISTS n ON t (a)',
	'columns of partitions' => 'ALTER TABLE p ADD COLUMN n int; CREATE INDEX ON p1 (n); ALTER TABLE p RENAME COLUMN n TO m; CREATE INDEX ON p1 (n); CREATE INDEX ON p1 (m);
		ALTER TABLE p DROP COLUMN m; CREATE INDEX ON p1 (m); CREATE INDEX ON p1 (a); CREATE TABLE p5 PARTITION OF p FOR VALUES IN (5); CREATE INDEX ON p5 (a); CREATE INDEX ON p5 (m);
		CREATE TABLE q (a int, b int) PARTITION BY LIST (a); CREATE TABLE q1 PARTITION OF q FOR VALUES IN (1); CREATE INDEX ON q1 (a); CREATE INDEX ON q1 (z); DROP TABLE q; CREATE INDEX ON q1 (a)',
	'columns of children' => 'ALTER TABLE parent ADD COLUMN n int; CREATE INDEX ON child (n); CREATE INDEX ON child (m); CREATE TABLE c2 (z int) INHERITS (parent);
		CREATE INDEX ON c2 (a); CREATE INDEX ON c2 (z); CREATE INDEX ON c2 (y); DROP TABLE c2; DROP TABLE parent CASCADE; CREATE TABLE child (x int); CREATE INDEX ON child (x)',
	'LIKE' => 'CREATE TABLE n (LIKE t); CREATE INDEX ON n (a); CREATE INDEX CONCURRENTLY ON n (b); CREATE INDEX ON n (z)',
	'columns in expressions' => 'ALTER TABLE t RENAME COLUMN b TO e; CREATE INDEX ON t (lower(e)); CREATE INDEX ON t (lower(b)); CREATE INDEX ON t (a) WHERE b IS NULL;
		CREATE INDEX ON t (a) WHERE t.e IS NULL; CREATE INDEX ON t (a) INCLUDE (b); CREATE INDEX ON t (e nothing_ops); CREATE INDEX ON t (e text_pattern_ops); CREATE INDEX ON t (a) TABLESPACE nothing;
		CREATE INDEX ON t (' . join(', ', ('a') x 33) . ')',
	'types' => "CREATE TYPE mood AS ENUM ('x'); ALTER TABLE t ADD COLUMN m mood; CREATE INDEX ON t (m); CREATE DOMAIN d AS json; ALTER TABLE t ADD COLUMN d d; CREATE INDEX ON t (d);
		CREATE TYPE pair AS (x int); ALTER TABLE t ADD COLUMN pair pair, ADD COLUMN moods mood[]; CREATE INDEX ON t (pair); CREATE INDEX ON t USING gin (moods)",
	'the head of a dump' => "SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; SET default_transaction_read_only = off; SELECT pg_catalog.set_config('search_path', '', false);
		CREATE TABLE public.n (id bigint NOT NULL); ALTER TABLE public.n OWNER TO postgres; ALTER TABLE ONLY public.n ADD CONSTRAINT n_pkey PRIMARY KEY (id); CREATE INDEX ON public.t (a)",
	'ON COMMIT DROP' => 'BEGIN; CREATE TEMP TABLE t (x int) ON COMMIT DROP; CREATE INDEX ON t (x); COMMIT; CREATE INDEX ON t (a); CREATE INDEX ON t (x)',
	'USING INDEX' => 'CREATE UNIQUE INDEX CONCURRENTLY u ON t (c); ALTER TABLE t ALTER COLUMN c SET NOT NULL; ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY USING INDEX u; DROP INDEX u; DROP INDEX k; CREATE INDEX u ON t (a);
		CREATE UNIQUE INDEX CONCURRENTLY w ON t (a); ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD PRIMARY KEY USING INDEX w; ALTER TABLE t ADD PRIMARY KEY USING INDEX nothing',
	'owners' => 'ALTER TABLE t OWNER TO other; ALTER TABLE theirs OWNER TO postgres; SET ROLE other; CREATE INDEX ON t (a); DROP INDEX t_b; CREATE INDEX ON theirs (a); RESET ROLE; CREATE INDEX ON theirs (a)',
	'partitioned indexes' => 'BEGIN; ALTER TABLE p ADD COLUMN z int; REINDEX TABLE p; ROLLBACK; DROP INDEX p_b; DROP INDEX IF EXISTS p1_b_idx; REINDEX INDEX p1_b_idx; CREATE INDEX p1_b_idx ON p1 (b);
		CREATE INDEX i ON ONLY p (a); CREATE INDEX CONCURRENTLY p1_i ON p1 (a); ALTER INDEX i ATTACH PARTITION p1_i; DROP INDEX p1_i',
	'read-only transactions' => 'BEGIN READ WRITE; CREATE INDEX ON t (a); COMMIT; BEGIN READ ONLY; COMMIT; CREATE INDEX ON t (a); SET TRANSACTION READ ONLY; CREATE INDEX ON t (a)',
	'EXPLAIN and extensions' => 'EXPLAIN ANALYZE CREATE TABLE n AS SELECT 1 AS a; CREATE TABLE IF NOT EXISTS n (b int); CREATE EXTENSION IF NOT EXISTS plpgsql; DROP INDEX IF EXISTS nothing; CREATE INDEX ON otherdb.public.t (a); CREATE INDEX ON t (c);
		CREATE INDEX ON otherdb.public.t (a); CREATE INDEX CONCURRENTLY ON o (abs(z)); DROP INDEX CONCURRENTLY t_b CASCADE; DROP INDEX CONCURRENTLY t_b, nothing',
	'REINDEX TABLE' => 'CREATE TABLE n (a int UNIQUE); REINDEX TABLE n; ALTER TABLE t ADD COLUMN z int; REINDEX TABLE t',
	'REINDEX' => 'BEGIN; CREATE TABLE n (x int PRIMARY KEY); REINDEX TABLE n; COMMIT; REINDEX INDEX n_pkey; ALTER INDEX t_b RENAME TO u_b; REINDEX INDEX u_b; REINDEX INDEX t_b',
);
for my $name (sort keys %migrations)
{
	$node->safe_psql('postgres', 'DROP DATABASE IF EXISTS replay');
	$node->safe_psql('postgres', 'DROP ROLE IF EXISTS other; CREATE ROLE other');
	$node->safe_psql('postgres', 'CREATE DATABASE replay');
	$node->safe_psql('replay', "CREATE EXTENSION pg_safe_index; SET pg_safe_index.mode = off; $tables");
	my $check = "SELECT statement, verdict, reason FROM pg_safe_index_check(\$psi_check\$$migrations{$name}\$psi_check\$)";
	my %row = map { my ($number, @rest) = split /\|/; ($number => \@rest) } split /\n/, $node->safe_psql('replay', $check);
	my @statements = map { $_->{statement} } parts_of("$migrations{$name};");
	my $script = "SET client_min_messages = error; SET pg_safe_index.mode = warn;\n";
	for my $number (1 .. @statements)
	{
		$script .= "$statements[$number - 1];\n\\echo \@R $number :ERROR\n" .
			"SELECT '\@W $number ' || pg_catalog.sum(warned) FROM public.pg_safe_index_counters() WHERE dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = 'replay');\n";
	}
	my (%failed, %warned, @wrong);
	for (split /\n/, run_psql('replay', $script))
	{
		$failed{$1} = $2 eq 'true' if /^\@R (\d+) (\w+)/;
		$warned{$1} = $2 if /^\@W (\d+) (\d+)/;
	}
	my $before = 0;
	for my $number (1 .. @statements)
	{
		my ($verdict, $reason) = @{ $row{$number} // [ 'none', '' ] };
		my $violation = ($warned{$number} // $before) > $before;
		$before = $warned{$number} // $before;
		my $right = $verdict eq 'violation' ? $violation : $verdict eq 'refused' ? $failed{$number} && !$violation
			: $verdict eq 'unknown' ? 0 : !$violation && !$failed{$number};
		push @wrong, "$verdict ($reason), but " . ($violation ? 'a violation' : $failed{$number} ? 'an error' : 'passed') .
			": $statements[$number - 1]" unless $right;
	}
	is(join("\n", @wrong), '', "migration: $name");
}

# The examples of docs/check.md, as they stand.
$node->safe_psql('postgres', 'CREATE EXTENSION pg_safe_index; CREATE TABLE orders (id int)');
my @examples = slurp_file("$root/docs/check.md") =~ /^```sh\n(.*?)^```/gms;
is(scalar @examples, 2, 'the document has two examples');
my $folder = PostgreSQL::Test::Utils::tempdir;
sub run_example
{
	my ($example, $migration) = @_;
	for ([ 'example.sh', $example ], [ 'migration.sql', $migration ])
	{
		open my $file, '>', "$folder/$_->[0]" or die;
		print $file $_->[1];
		close $file;
	}
	local %ENV = (%ENV, MIGRATION => "$folder/migration.sql", PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres');
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run([ 'bash', "$folder/example.sh" ], '>', \$out, '2>', \$err);
	return ($ok ? 0 : 1, $out, $err);
}
my $bad = "ALTER TABLE orders ADD COLUMN state text;\nCREATE INDEX ON orders (state);\n";
my $good = "ALTER TABLE orders ADD COLUMN state text;\nCREATE INDEX CONCURRENTLY ON orders (state);\n";
my ($status, $out, $err) = run_example($examples[0], $bad);
is($status, 1, 'psql in CI: a violation fails');
like($out, qr/^line 2: CREATE INDEX without CONCURRENTLY would block writes to table "orders"\nUse: CREATE INDEX CONCURRENTLY ON orders \(state\);/,
	'... and says why');
is(join('|', run_example($examples[0], $good)), '0||', '... a safe script does not fail');
($status, $out, $err) = run_example($examples[0], "SELECT 1;\nCREATE INDEX ON;\n");
is($status, 1, '... a syntax error fails');
like($err, qr/syntax error at or near ";"\nLINE 2: /, '... and names the line');
($status, $out, $err) = run_example($examples[1], "SELECT 1;\n$bad");
is($status, 0, 'annotations: psql ends without an error');
like($out, qr/^::error file=\Q$folder\E\/migration\.sql,line=3,title=pg_safe_index::CREATE INDEX [^\n]*%0AWrites to [^\n]*%0AUse: [^\n]*\n\z/,
	'... one line for each command');
is(join('|', run_example($examples[1], $good)), '0||', '... none for a safe script');

# Neither waits for a lock nor keeps one, in a transaction that may be read-only.
my $locker = Session->new($node);
$locker->run('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE;');
is( $node->safe_psql('postgres', q{
		SET statement_timeout = '60s';
		BEGIN READ ONLY;
		SELECT verdict, reason FROM pg_safe_index_check('CREATE INDEX ON orders (id); ALTER TABLE orders ADD COLUMN c int; CREATE INDEX ON orders (c)');
		SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'orders'::regclass;
		COMMIT}),
	"violation|blocks\nviolation|blocks\n0", 'behind a lock of another session');
$locker->run('ROLLBACK;');
$locker->quit;

# Nothing is told about the table of another role, not even to its heir in the script.
$node->safe_psql('postgres', 'CREATE ROLE nobody; CREATE SCHEMA closed; CREATE TABLE closed.secret (a int); CREATE TABLE mine (a int)');
is( $node->safe_psql('postgres', q{SET ROLE nobody;
		SELECT verdict, reason, message FROM pg_safe_index_check('CREATE INDEX ON mine (a); ALTER TABLE mine ADD COLUMN b int; CREATE INDEX ON mine (b); CREATE INDEX ON closed.secret (a); CREATE INDEX ON closed.none (a)')}),
	qq{refused|not_owner|The role "nobody" may not execute the command on "mine".
refused|not_owner|The role "nobody" may not execute the command on "mine".
refused|not_owner|permission denied for schema closed
refused|not_owner|permission denied for schema closed}, 'tables of others');

# An error that is no answer leaves the session as it was: no failed transaction that nobody has begun.
{
	my $session = Session->new($node);
	my $deep = 'CREATE INDEX ON mine ((' . join('+', ('a') x 20_000) . '))';
	$session->run("SELECT pg_safe_index_check('$deep');");
	is($session->run('SELECT 1;'), '1', 'after an error of the server itself');
	$session->quit;
}

# A table cannot be its own parent, and nobody waits for that.
is( $node->safe_psql('postgres', q{SET statement_timeout = '60s';
		SELECT verdict FROM pg_safe_index_check('CREATE TABLE x PARTITION OF x DEFAULT; CREATE TABLE y () INHERITS (y); CREATE TABLE z (LIKE z); CREATE INDEX ON mine (a)')}),
	'violation', 'a table that names itself');
is( $node->safe_psql('postgres', q{SELECT verdict, count(*) FROM pg_safe_index_check((SELECT 'CREATE TABLE z0 (a int) PARTITION BY LIST (a);' ||
		string_agg(format('CREATE TABLE z%s PARTITION OF z%s FOR VALUES IN (1) PARTITION BY LIST (a);', n, n - 1), '' ORDER BY n) || 'CREATE INDEX ON z0 (a)' FROM generate_series(1, 5000) n)) GROUP BY 1}),
	'unknown|1', 'more levels than are followed');

# On a standby.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
is( $standby->safe_psql('postgres', q{SELECT verdict, reason FROM pg_safe_index_check('CREATE INDEX ON mine (a); CREATE TABLE n (a int); CREATE INDEX ON n (a)', true)}),
	"violation|blocks\npasses|created", 'on a standby');
$standby->stop;

# Without shared_preload_libraries, and a session that has not loaded the library.
$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
$node->restart;
is( $node->safe_psql('postgres', q{SELECT verdict FROM pg_safe_index_check('CREATE INDEX ON mine (a)')}),
	'violation', 'without shared_preload_libraries');

$node->stop;
done_testing();
