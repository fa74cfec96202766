# Proves: binary upgrade and single-user mode are left alone, a standby answers as it does without the module
# and enforces as soon as it is promoted.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $refused = qr/ERROR:  CREATE INDEX without CONCURRENTLY would block writes to table "t"/;

my $primary = guarded_node('primary', init => [ allows_streaming => 1 ]);
$primary->safe_psql('postgres', 'CREATE TABLE t (a int)');
$primary->backup('backup');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;

my ($out, $err);
$standby->psql('postgres', 'CREATE INDEX ON t (a)', stderr => \$err);
like($err, qr/cannot execute CREATE INDEX in a read-only transaction/, "standby: PostgreSQL's own error");
$standby->psql('postgres', 'DROP INDEX IF EXISTS t_a', stderr => \$err);
like($err, qr/cannot execute DROP INDEX in a read-only transaction/, "standby: PostgreSQL's own error");
$standby->promote;
$standby->psql('postgres', 'CREATE INDEX ON t (a)', stderr => \$err);
like($err, $refused, 'promoted: enforced at once');
$standby->stop;

# PostgreSQL wants to be told the OID in this mode, which shows that the command went on.
$primary->stop;
my $log = $primary->logfile;
command_ok(
	[ 'pg_ctl', '-w', '-D', $primary->data_dir, '-l', $log, '-o', '-b', 'start' ], 'starts in binary upgrade mode');
$primary->_update_pid(1);
$primary->psql('postgres', 'CREATE INDEX ON t (a)', stderr => \$err);
like($err, qr/OID value not set when in binary upgrade mode/, 'binary upgrade: not asked');
$primary->stop;

my @single = ('postgres', '--single', '-D', $primary->data_dir, 'postgres');
my $result = run_log([@single], '<', \"CREATE INDEX single_i ON t (a)\n", '>', \$out, '2>', \$err);
unlike("$out$err", qr/would block/, 'single-user mode: not asked');
$primary->start;
is($primary->safe_psql('postgres', q{SELECT indisvalid FROM pg_index WHERE indexrelid = 'single_i'::regclass}),
	't', 'single-user mode: built');
$primary->psql('postgres', 'DROP INDEX single_i', stderr => \$err);
like($err, qr/would block reads and writes of table "t"/, 'and enforced again afterwards');
$primary->stop;

done_testing();
