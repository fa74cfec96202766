# Proves: nothing in the file that a shutdown leaves is believed before it is checked. Files with a good checksum and one
# field out of range each: the server starts, says so in its log, starts the record empty, and the views work. Files with
# every field at its limit are read, and those of 1.1, which counted no overrides.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guarded_node('record_file', start => 0, settings => q{
autovacuum = off
pg_safe_index.max_violations = 3
track_activity_query_size = 100
});
my $file = $node->data_dir . '/pg_stat/pg_safe_index.stat';

mkdir $node->data_dir . '/pg_stat';
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_safe_index; CREATE TABLE t (a int)');
my $postgres = $node->safe_psql('postgres', "SELECT oid FROM pg_database WHERE datname = 'postgres'");
$node->stop;

# The layout, as stats_format.cpp has it.
my ($magic, $operations, $actions, $databases, $row_header) = (0x70736931, 6, 5, 128, 356);
my $utf8 = 6;
my $now = (time() - 946684800) * 1_000_000;		# PostgreSQL counts microseconds from 2000
my $int64_max = ~0 >> 1;
my ($earliest, $end) = (-211813488000000000, 9223371331200000000);		# timestamp.h: MIN_TIMESTAMP, END_TIMESTAMP

my @crc_table;
for my $byte (0 .. 255)
{
	my $crc = $byte;
	$crc = $crc & 1 ? ($crc >> 1) ^ 0x82F63B78 : $crc >> 1 for 1 .. 8;
	push @crc_table, $crc;
}

sub crc32c
{
	my $crc = 0xFFFFFFFF;
	$crc = $crc_table[($crc ^ $_) & 255] ^ ($crc >> 8) for unpack 'C*', $_[0];
	return $crc;
}

sub name { return pack('a64', $_[0]) }

sub row
{
	my %row = (at => $now, size => 8192, database => $postgres, role => 10, pid => 4711, operation => 0, mode => 2, action => 2,
		encoding => $utf8, application => name('app'), client => name('192.0.2.1'), schema => name('public'),
		table => name('t'), index => name('i'), text => 'CREATE INDEX i ON t (a)', @_);
	$row{length} //= length $row{text};
	return pack('q q L L l s s s s', @row{qw(at size database role pid operation mode action encoding)})
	  . join('', @row{qw(application client schema table index)}) . pack('L', $row{length}) . $row{text};
}

# Counters of a database, the first of them as given.
sub place
{
	my ($database, @counts) = @_;
	return pack('Q*', $database, @counts, (0) x ($operations * ($actions + 1) - @counts));
}

# The same as 1.1 has them: without the last action.
sub place_1_1
{
	my ($database, @counts) = @_;
	return pack('Q*', $database, @counts, (0) x ($operations * $actions - @counts));
}

sub contents
{
	my %header = (magic => $magic, version => 2, operations => $operations, databases => $databases, row_header => $row_header,
		recorded => 7, reset_at => $now, places => [ place($postgres, 1, 2, 3, 4, 5) ], last => place(0), rows => [ row() ], @_);
	$header{count} //= @{ $header{rows} };
	my @places = @{ $header{places} };
	push @places, ($header{empty} // place(0)) x ($databases - @places);
	return pack('L6 Q q', @header{qw(magic version operations databases row_header count recorded reset_at)})
	  . join('', @places, $header{last}, @{ $header{rows} }) . ($header{trailing} // '');
}

# Starts the server with that in the file, and stops it so that it writes none. What the views say, and whether the log complains.
sub start_with
{
	my ($contents) = @_;
	open(my $handle, '>:raw', $file) or die;
	print $handle $contents, pack('L', crc32c($contents));
	close $handle;
	my $offset = -e $node->logfile ? -s $node->logfile : 0;
	$node->start;
	# Each row as text, so that each column is made and put out.
	my ($code, $out, $err) = $node->psql('postgres', q{
		SELECT 'info ' || recorded || ' ' || lost, stats_reset > now() - interval '1 day' FROM pg_safe_index_violations_info;
		SELECT 'row ' || v::text FROM pg_safe_index_violations v;
		SELECT 'stats ' || s::text FROM pg_safe_index_stats s WHERE checked > 0;
		SELECT sum(violations) FROM pg_safe_index_violations_summary;
		CREATE INDEX seen ON t (a);
		SELECT 'next ' || count(*) FROM pg_safe_index_violations WHERE query = 'CREATE INDEX seen ON t (a)'},
		on_error_stop => 0);
	$node->stop('immediate');
	my $ignored = () = slurp_file($node->logfile, $offset) =~ /LOG:  ignoring invalid data in file "pg_stat\/pg_safe_index.stat"/g;
	$err =~ s/^.*(would block|DETAIL|HINT|Use:|CREATE INDEX|To run|LINE|\^).*\n?//mg;
	return { out => $out, err => $err, ignored => $ignored };
}

sub is_read
{
	my ($name, $rows, $pattern, %contents) = @_;
	my $result = start_with(contents(%contents));
	is($result->{ignored}, 0, "$name: no complaint");
	is($result->{err}, '', "$name: no error");
	is(() = $result->{out} =~ /^row /mg, $rows, "$name: rows");
	like($result->{out}, $pattern, "$name: what is shown");
}

sub is_ignored
{
	my ($name, %contents) = @_;
	my $result = start_with(contents(%contents));
	is("$result->{ignored}\n$result->{out}\n$result->{err}", "1\ninfo 0 0|t\n\nnext 1\n", "ignored: $name");
}

# Everything at its limit.
is_read('ordinary', 1, qr/^info 7 6\|t\nrow \(.*192\.0\.2\.1.*,create_index,public,t,i,8192,error,refused,"CREATE INDEX i ON t \(a\)"\)\nstats \(postgres,create_index,10,1,2,3,4,0,".*",5\)$/m);
is_read('lowest', 1, qr/,create_index,,,,,off,passed,""\)$/m, rows => [ row(at => $earliest, size => -1, database => 1, role => 1, pid => 1,
	operation => 0, mode => 0, action => 0, encoding => 0, map({ $_ => name('') } qw(application client schema table index)), text => '') ]);
is_read('highest', 1, qr/^row .*,move_index,i{63},i{63},i{63},9223372036854775807,rewrite,overridden,/m, recorded => 2**48, count => undef,
	rows => [ row(at => $end - 1, size => $int64_max, database => 2**32 - 1, role => 2**32 - 1, pid => 2**31 - 1, operation => 5,
		mode => 3, action => 4, map({ $_ => name('i' x 63) } qw(application schema table index)), client => name('2001:db8::ffff')) ],
	reset_at => $earliest, places => [ map { place($_, (2**48) x ($operations * ($actions + 1))) } ($postgres) x $databases ],
	last => place(0, (2**48) x ($operations * ($actions + 1))));
my %of_1_1 = (version => 1, empty => place_1_1(0), last => place_1_1(0));
# The view is in no order.
is_read('a file of 1.1', 1, qr/\A(?=.*^row \([^\n]*,refused,"CREATE INDEX i ON t \(a\)"\)$)(?=.*^stats \(postgres,create_index,10,1,2,3,4,0,[^\n]*,0\)$)(?=.*^stats \(postgres,drop_index,14,2,3,4,5,0,[^\n]*,0\)$)/ms,
	%of_1_1, places => [ place_1_1($postgres, 1 .. 4, 2 .. 5) ]);
is_read('a file of 1.1 at its limit', 1, qr/,refused,.*\nstats /, %of_1_1, places => [ map { place_1_1($_, (2**48) x ($operations * $actions)) } ($postgres) x $databases ],
	last => place_1_1(0, (2**48) x ($operations * $actions)));
is_read('more rows than there are places', 3, qr/^info 7 4\|t\nrow [^\n]*,t2,[^\n]*\nrow [^\n]*,t3,[^\n]*\nrow [^\n]*,t4,/m,
	rows => [ map { row(table => name("t$_")) } 0 .. 4 ]);
is_read('a text of the greatest length', 1, qr/,refused,"?-{99}"?\)$/m, rows => [ row(text => '-' x (1024 * 1024 - 1)) ]);
is_read('a text that is cut between characters', 1, qr/,refused,-(\x{c3}\x{a4}){49}\)$/m, rows => [ row(text => '-' . "\x{c3}\x{a4}" x 60) ]);
is_read('bytes of no encoding', 1, qr/,refused,\?\?\)$/m, rows => [ row(encoding => 0, text => "\x{ff}\x{fe}") ]);

# One field out of range each. In the header:
is_ignored('another magic', magic => $magic + 1);
is_ignored("version $_", version => $_) for 0, 3, 2**32 - 1;
is_ignored('counters of 1.1', %of_1_1, version => 2);
is_ignored('counters that 1.1 did not have', version => 1);
is_ignored('an action that 1.1 did not have', %of_1_1, places => [ place_1_1($postgres) ], rows => [ row(action => 4) ]);
is_ignored('other operations', operations => 7);
is_ignored('other databases', databases => 127);
is_ignored('another row', row_header => 357);
is_ignored('more rows than were recorded', recorded => 0);
is_ignored('more rows than any ring has', count => 1_000_001, recorded => 2_000_000);
is_ignored('the greatest number of rows', count => 2**32 - 1, recorded => 2**40);
is_ignored('a row fewer than are there', rows => [ row(), row() ], count => 1);
is_ignored('a row more than are there', count => 2);
is_ignored('no row where there is one', count => 0);
is_ignored('something behind it', trailing => "\0");
is_ignored("recorded: $_", recorded => $_) for 2**48 + 1, $int64_max, 2**63, 18446744073709551615;
is_ignored("reset at $_", reset_at => $_) for $earliest - 1, $end, -2**63, $int64_max;

# In the counters:
is_ignored('a database beyond an OID', places => [ place(2**32) ]);
is_ignored('a database in the last place', last => place($postgres, 1));
is_ignored("an action $_ times", places => [ place($postgres, 1, $_) ]) for 2**48 + 1, 2**63, 18446744073709551615;
is_ignored('a failed build too often', places => [ place($postgres, (0) x ($operations * ($actions + 1) - 1), 2**63) ]);
is_ignored('the last place: too often', last => place(0, 2**63));

# In a row:
my %bad = (
	at => [ $earliest - 1, $end, -2**63, $int64_max ],
	size => [-2],
	database => [0],
	role => [0],
	pid => [ 0, -1 ],
	operation => [ -1, 6, 32767, -32768 ],
	mode => [ -1, 4 ],
	action => [ -1, 5, 32767, -32768 ],
	# 35 is SJIS, an encoding of clients only.
	encoding => [ -1, 35, 32767 ],
	client => [ map { name($_) } '1' x 64, 'no address', '192.0.2.1/33' ],
	length => [ 22, 24, 2**20, 2**31, 2**32 - 1 ],
	text => [ "a\0b", "\xff", "a\xc3", '-' x 1024**2 ],
	map({ $_ => [ 'i' x 64, name("a\xc3") ] } qw(application schema table index)));
for my $field (sort keys %bad)
{
	for my $value (@{ $bad{$field} })
	{
		my $shown = length($value) > 70 ? length($value) . ' bytes' : $value =~ s/\0+$//r =~ s/([^ -~])/sprintf '\\x%02x', ord $1/egr;
		is_ignored("$field: $shown", rows => [ row(), row($field => $value) ]);
	}
}

done_testing();
