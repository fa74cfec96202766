# Proves: the SQL of the documents runs as it stands, and what a page shows below it is what the server says.
#
# A page is README.md, docs/*.md or docs/operations/*.md; test/t/027 runs docs/messages.md, and test/clients docs/tools. Each page gets
# a database of its own, and its blocks run in order, each in a session of its own, by psql in mode error:
#   ```sql             has to run without an ERROR or a WARNING; if a ```text block follows, it has to print exactly that
#   ```sql not run: X  is left out, for the reason X
#   <!-- before: SQL --> is run with the mode off, or as it says, before the next block
#   ```sh              has to succeed, in an empty folder; PGDATABASE is the page's database
#   <!-- before sh: COMMAND --> has to succeed before it
# A block below "<!-- test/...: NAME -->" or "<!-- .ci/..." is run by that test instead. Sizes of tables differ from version to version and are not
# compared. PSI_DOCUMENTS=FOLDER writes the pages with what the server says today into the folder, for when a message has changed.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use File::Basename qw(dirname);
use File::Path qw(make_path);
use PostgreSQL::Test::Utils;
use Test::More;

# The tests are copied together with what they read.
my $root = (grep { -f "$_/README.md" && -d "$_/docs" } "$FindBin::Bin/..", "$FindBin::Bin/../..")[0];
my @pages = map { s|^\Q$root\E/||r } "$root/README.md",
	grep { !m{/docs/messages\.md$} } glob("$root/docs/*.md $root/docs/operations/*.md");
my $write = $ENV{PSI_DOCUMENTS};

my $node = guarded_node('documents', settings => 'allow_in_place_tablespaces = on');
$node->safe_psql('postgres', $_) for 'CREATE ROLE app LOGIN', 'CREATE ROLE migrator LOGIN', 'CREATE ROLE partman',
	q{CREATE TABLESPACE fast LOCATION ''}, 'CREATE DATABASE example';
# What the pages speak of.
$node->safe_psql('example', q{
SET pg_safe_index.mode = off;
CREATE EXTENSION pg_safe_index;
CREATE TABLE account (id bigint PRIMARY KEY, email text NOT NULL, name text, created timestamptz NOT NULL DEFAULT now());
CREATE INDEX account_name_idx ON account (name);
CREATE INDEX account_created_idx ON account (created);
INSERT INTO account SELECT n, n || '@example.org', 'somebody' FROM generate_series(1, 100) n;
CREATE TABLE orders (id bigint NOT NULL, account_id bigint);
CREATE TABLE event (id bigint NOT NULL, at date NOT NULL, kind text) PARTITION BY RANGE (at);
CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE event_2027 PARTITION OF event FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
CREATE INDEX event_at_idx ON event (at);
CREATE TABLE event_2028 (id bigint NOT NULL, at date NOT NULL, kind text);
INSERT INTO event_2028 SELECT n, '2028-01-01', 'click' FROM generate_series(1, 100) n;
CREATE TABLE room (id bigint NOT NULL, during tsrange);
});

# What psql prints, messages where they belong.
sub said
{
	my ($sql) = @_;
	my $said = '';
	IPC::Run::run([ 'psql', '-Xq', '-d', $node->connstr('app') ], '<', \$sql, '>', \$said, '2>&1');
	$said =~ s/[ \t]+$//mg;
	$said =~ s/^\n+|\n+\z//g;
	return $said;
}

sub without_sizes
{
	my ($text) = @_;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/^\n+|\n+\z//g;
	return $text =~ s/\(\d+ (?:bytes|kB|MB|GB)\)/(size)/gr;
}

# Whatever a page has set for the cluster.
sub reset_cluster
{
	$node->safe_psql('postgres', $_) for 'ALTER SYSTEM RESET ALL', 'ALTER ROLE ALL RESET ALL',
		(map { "ALTER ROLE $_ RESET ALL" } qw(app migrator partman)), 'DROP DATABASE IF EXISTS app';
	$node->reload;
	# A new session shows that the server has read it.
	$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_settings WHERE name LIKE 'pg\_safe\_index.%' AND setting <> boot_val})
	  or die 'the settings stay';
}

my $block = qr{
	<!--\ before:\ (?<before>.*?)\ -->
	| ^(?:<!--\ before\ sh:\ (?<before_sh>[^\n]*)\ -->\n | (?<mark_sh><!--\ (?:test/|\.ci/)[^\n]*\ -->\n))? ```sh\n (?<sh>.*?) ^```\n
	| ^(?<mark><!--\ test/[^\n]*\ -->\n)? ```sql(?<info>[^\n]*)\n (?<sql>.*?) ^```\n (?: (?<space>\s*) ^```text\n (?<text>.*?) ^```\n )?
}xsm;

for my $page (@pages)
{
	my $content = slurp_file("$root/$page");
	my ($blocks, $scripts, $run, $written, $begin) = (0, 0, 0, '', 0);
	reset_cluster();
	$node->safe_psql('postgres', 'CREATE DATABASE app TEMPLATE example');
	while ($content =~ /$block/g)
	{
		my %found = %+;
		$blocks++ if defined $found{sql};
		$scripts++ if defined $found{sh};
		my ($from, $to) = ($-[0], $+[0]);
		$written .= substr($content, $begin, $from - $begin);
		$begin = $to;
		my $as_it_is = substr($content, $from, $to - $from);
		my $line = 1 + (substr($content, 0, $from) =~ tr/\n//);
		if (defined $found{before})
		{
			is(said("SET client_min_messages = error; SET pg_safe_index.mode = off;\n$found{before}"), '', "$page:$line: before");
		}
		elsif (defined $found{mark} || defined $found{mark_sh}) { }
		elsif (defined $found{sh})
		{
			local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'app');
			my $folder = PostgreSQL::Test::Utils::tempdir();
			for my $commands (grep { defined } $found{before_sh}, $found{sh})
			{
				my $output = '';
				ok(IPC::Run::run([ 'bash', '-c', "set -e; cd '$folder'; $commands" ], '>&', \$output), "$page:$line: sh") or diag($output);
			}
			$run++;
		}
		elsif ($found{info} =~ /^ not run: \S/)
		{
			note("$page:$line:$found{info}");
		}
		else
		{
			my $said = said($found{sql});
			$run++;
			is($found{info}, '', "$page:$line: nothing else stands beside the language");
			if (defined $found{text})
			{
				is(without_sizes($said), without_sizes($found{text}), "$page:$line: says what the page shows");
				if (without_sizes($said) ne without_sizes($found{text}))
				{
					$said =~ s/\(\d+ (?:bytes|kB|MB|GB)\)/(1240 MB)/g;
					$as_it_is = "```sql$found{info}\n$found{sql}```\n$found{space}```text\n$said\n```\n";
				}
			}
			else
			{
				unlike($said, qr/^(?:ERROR|FATAL|WARNING):/m, "$page:$line: runs");
			}
		}
		$written .= $as_it_is;
	}
	# No block that looks like one of ours and is none.
	is($scripts, scalar(() = $content =~ /^\s*```(?:sh|bash|shell)/mg), "$page: each block for the shell is found");
	is($blocks, scalar(() = $content =~ /^\s*```sql/mg), "$page: each block of SQL is found");
	note("$page: $run blocks");
	next unless $write;
	make_path(dirname("$write/$page"));
	append_to_file("$write/$page", $written . substr($content, $begin));
}
cmp_ok(scalar @pages, '>', 15, 'the pages are there');

reset_cluster();
$node->stop;
done_testing();
