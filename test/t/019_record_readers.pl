# Proves: a reader of the record keeps nobody waiting, and sees neither too much nor too little: it is stopped somewhere, rows are
# overwritten, and it goes on. What it had read is there, and what was not overwritten, each row once and in order, and nothing of
# what was recorded since it began.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

# So large that they take a while.
my $rows = 40;
my $node = guarded_node('record_readers', settings => qq{
autovacuum = off
pg_safe_index.max_violations = $rows
track_activity_query_size = 1MB
work_mem = 64kB
log_min_error_statement = panic
});
sub query { return $node->safe_psql('postgres', $_[0]) }
query(q{CREATE EXTENSION pg_safe_index; CREATE TABLE t (a int);
	CREATE FUNCTION violate(from_number int, to_number int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
		FOR i IN from_number .. to_number LOOP
			BEGIN
				EXECUTE format('CREATE INDEX i_%s ON t (a) -- %s', i, repeat('x', 1000000));
				RAISE 'let through';
			EXCEPTION WHEN object_not_in_prerequisite_state THEN NULL; END;
		END LOOP; END $$});

my $reader = Session->new($node);
my $writer = Session->new($node);
setpriority(0, $reader->{pid}, 19);		# so that it can be stopped in time


# Has the reader begun to put rows out? They go to a temporary file, since none of them fits into work_mem. To be seen without a
# query, which would take longer than the reader does.
my $temporary_files = $node->data_dir . "/base/pgsql_tmp/pgsql_tmp$reader->{pid}.*";
sub is_reading { return scalar grep { -s } glob $temporary_files }

sub is_done
{
	my ($session) = @_;
	$session->{run}->pump_nb;
	return $session->{err} =~ /^done $session->{sent}\n/m;
}

# What a reader sees that is stopped somewhere while the writer does that: the numbers of the rows. Undefined if it had read them all.
sub read_beside
{
	my ($sql) = @_;
	$writer->run("SELECT pg_safe_index_reset(); SELECT violate(1, $rows);");
	$reader->send("SELECT string_agg(substr(indexname, 3), ' ') FROM pg_safe_index_recent();");
	until (is_reading())
	{
		if (is_done($reader))
		{
			$reader->finish;
			return undef;
		}
	}
	kill 'STOP', $reader->{pid};
	# If it had to wait for the reader it would wait for ever.
	$writer->run($sql);
	kill 'CONT', $reader->{pid};
	my $seen = $reader->finish;
	return $seen ne join(' ', 1 .. $rows) ? $seen : undef;
}

sub check
{
	my ($name, $sql, $overwritten) = @_;
	my $seen;
	for my $attempt (1 .. 50)
	{
		$seen = read_beside($sql);
		last if defined $seen;
	}
	my ($read) = grep { ($seen // '') eq join(' ', 1 .. $_, $overwritten + 1 .. $rows) } 1 .. $overwritten - 1;
	ok(defined $read, "$name: the first " . ($read // 'few') . ' rows, and those that were not overwritten')
	  or diag 'seen: ' . ($seen // 'all');
}

check('all overwritten', "SELECT violate($rows + 1, 2 * $rows);", $rows);
is(query('SELECT recorded, lost FROM pg_safe_index_violations_info'), 2 * $rows . "|$rows", '... and the record goes on');
check('some overwritten', "SELECT violate($rows + 1, $rows + 35);", 35);
check('a reset', "SELECT pg_safe_index_reset(); SELECT violate($rows + 1, $rows + 35);", 35);
is(query("SELECT string_agg(substr(indexname, 3), ' ') FROM pg_safe_index_recent()"), join(' ', $rows + 1 .. $rows + 35),
	'... what is recorded after it is there');

$_->quit for $reader, $writer;
$node->stop;
done_testing();

# A stopped reader would not let the server end.
END { kill 'CONT', $reader->{pid} if defined $reader && defined $reader->{pid} }
