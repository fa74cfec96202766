# Proves: docs/messages.md shows what the server says, byte for byte, and has every message of the module.
#
# The page is its own template. In a block of code a line that begins with "app=> " is a command; what follows it, up to the next
# one, is what a server said to it, and is compared with what this server says. What has to be there beforehand stands in comments
# above the block, which no reader of the page sees:
#
#   <!-- before: SQL -->            run in mode off
#   <!-- A: SQL -->                 run by another session; A to C are such sessions
#   <!-- A waits: SQL -->           the same, and it waits for a lock until the block is done
#   <!-- when blocked, A: SQL -->   run by another session as soon as the block's last command waits for a lock
#   <!-- when told, A: SQL -->      ... as soon as it says that it has to wait
#   <!-- as ROLE -->                who sends the commands
#   <!-- log -->                    what the server's log says of pg_safe_index comes after the last command
#   <!-- not preloaded -->          on a server without shared_preload_libraries
#
# PSI_WRITE_DOCS=FILE, which the server's user must be able to write to, gets the page as it should be.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guarded;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my ($root) = grep { -d "$_/docs" && -d "$_/src" } "$FindBin::Bin/..", "$FindBin::Bin/../..";
my $page = slurp_file("$root/docs/messages.md");

my $node = guarded_node('messages', settings => q{
allow_in_place_tablespaces = on
});
$node->safe_psql('postgres', q{CREATE TABLESPACE fast LOCATION ''});
$node->safe_psql('postgres', 'CREATE ROLE app; CREATE ROLE other; CREATE DATABASE app OWNER app');

# What every block begins with.
my $tables = q{
	SET client_min_messages = error; SET pg_safe_index.mode = off;
	DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public AUTHORIZATION app; CREATE EXTENSION pg_safe_index;
	ALTER ROLE app SUPERUSER; SET ROLE app;
	CREATE TABLE customer (id bigint PRIMARY KEY, email text NOT NULL);
	INSERT INTO customer SELECT n, 'customer' || n || '@example.com' FROM generate_series(1, 1000) n;
	CREATE TABLE event (id bigint NOT NULL, kind text, year int NOT NULL) PARTITION BY LIST (year);
	CREATE TABLE event_2026 PARTITION OF event FOR VALUES IN (2026);
	INSERT INTO event SELECT n, 'click', 2026 FROM generate_series(1, 1000) n;
	RESET ROLE; ALTER ROLE app NOSUPERUSER;
};

# What differs from one run to the next.
sub masked
{
	my ($text) = @_;
	$text =~ s/\(\d+ (?:bytes|kB)\)/(1240 MB)/g;
	$text =~ s/\b([Pp]rocess) \d+/$1 4711/g;
	$text =~ s/\b\d\d:\d\d:\d\d\b/00:12:34/g;
	$text =~ s/\b\d+ ms after/612 ms after/g;
	# From 19 on PostgreSQL adds what it was waiting for.
	$text =~ s/^CONTEXT:  waiting for \w+ on .*\n//mg;
	return $text;
}

my $plain;
sub not_preloaded
{
	return $plain if $plain;
	$plain = guarded_node('plain', libraries => '');
	$plain->safe_psql('postgres', 'CREATE EXTENSION pg_safe_index');
	return $plain;
}

# Runs the commands of a block; returns it as it should be.
sub run_block
{
	my ($directives, $block) = @_;
	my ($role, $log, %session, @when) = ('app', 0);
	my ($server, $database) = ($node, 'app');
	$node->safe_psql('app', $tables);
	my $session = sub { $session{ $_[0] } //= Session->new($node, database => 'app', application => 'nightly') };
	my @waiting;
	for (@$directives)
	{
		if (/\Abefore: (.*)\z/s) { $node->safe_psql('app', "SET client_min_messages = error; SET pg_safe_index.mode = off; $1") }
		elsif (/\A([A-C]): (.*)\z/s) { $session->($1)->run($2) }
		elsif (/\A([A-C]) waits: (.*)\z/s) { $session->($1)->send($2); $session->($1)->wait_until_blocked; push @waiting, $1 }
		elsif (/\Awhen (blocked|told), ([A-C]): (.*)\z/s) { @when = ($1, $2, $3) }
		elsif (/\Aas (\w+)\z/) { $role = $1 }
		elsif (/\Alog\z/) { $log = -s $node->logfile }
		elsif ($_ eq 'not preloaded') { ($server, $database, $role) = (not_preloaded(), 'postgres', 'postgres') }
		else { die "unknown directive: $_" }
	}
	my $user = Session->new($server, database => $database, set => "SET ROLE $role;");
	my $result = '';
	my @commands = $block =~ /^app=> (.*(?:\napp-> .*)*)$/mg;
	while (defined(my $command = shift @commands))
	{
		$result .= "app=> $command\n";
		$command =~ s/^app-> //mg;
		$user->send($command);
		if (@when && !@commands)
		{
			my ($what, $who, $sql) = @when;
			if ($what eq 'blocked') { $user->wait_until_blocked }
			else { $user->wait_for(qr/NOTICE: .*(?:could not get|wait).*\n/) }
			$session->($who)->run($sql);
		}
		$user->finish;
		# Messages come first, as they do on a terminal.
		(my $said = "$user->{err}$user->{out}") =~ s/^done \d+\n//mg;
		$result .= $said;
	}
	$result .= join '', slurp_file($node->logfile, $log) =~ /^.*?(LOG:  pg_safe_index .*\n)(?:.*?(DETAIL:  .*\n))?/mg if $log;
	$user->quit;
	$session{$_}->run('ROLLBACK;') for grep { my $name = $_; !grep { $_ eq $name } @waiting } sort keys %session;
	$session{$_}->finish for @waiting;
	$_->quit for values %session;
	return masked($result);
}

my $count = 0;
my $fresh = $page;
$fresh =~ s{((?:^<!-- .*? -->\n)*)^```\n(app=> .*?)^```\n}{
	my ($comments, $block) = ($1, $2);
	my $is = run_block([ $comments =~ /^<!-- (.*?) -->$/msg ], $block);
	is($is, $block, 'block ' . ++$count . ': ' . (split /\n/, $block)[0]);
	"$comments```\n$is```\n"
}gems;
cmp_ok($count, '>', 25, 'the page has examples');

# Is it on the page, whatever stands for %s?
sub is_on_page
{
	my ($message) = @_;
	# On one line; what stands for %s at either end does not matter.
	my @parts = map { quotemeta } grep { /\S/ } split /%(?:\.\*)?[sdm]/, $message;
	my $pattern = join '.{1,120}?', @parts;
	ok($fresh =~ /$pattern/, "on the page: $message");
}

# The messages in the source.
my %reason = (
	'%s' => 'the texts are made elsewhere: the violations and the errors of pg_safe_index_plan()',
	'and %d more' => 'a part of a sentence', ' and %d more' => 'a part of a sentence', '\n' . 'and %d more command%s.' => 'the end of a list',
	'%s\nand %d more command%s.' => 'the end of a list',
	', and stay%s. The same command, sent again, goes on from there.' => 'a part of a sentence',
	'relation "%s" already exists, skipping' => "PostgreSQL's own", 'index "%s" does not exist, skipping' => "PostgreSQL's own",
	'index on partition "%s" is attached (%d of %d)' => 'DEBUG1');
for my $file (glob "$root/src/*.cpp $root/src/*/*.cpp")
{
	my $source = slurp_file($file);
	$source =~ s/"\s*\n\s*"//g;
	while ($source =~ /\berrmsg(?:_internal|_plural)?\(\s*"((?:[^"\\]|\\.)*)"/g)
	{
		(my $message = $1) =~ s/\\"/"/g;
		next if $reason{$message};
		is_on_page($message);
	}
}

# The sentences of hints, and the reasons of mode rewrite: whatever has more than three words and is no command.
for my $file ("$root/src/message/build_message.cpp", "$root/src/script/plan_command.cpp", glob("$root/src/execute/*.cpp $root/src/plan/remedy*.cpp"))
{
	my $source = slurp_file($file);
	$source =~ s{//[^\n]*}{}g;
	$source =~ s/"\s*\n\s*"//g;
	while ($source =~ /"((?:[^"\\]|\\.)*)"/g)
	{
		(my $text = $1) =~ s/\\"/"/g;
		next if $text !~ / .* .* / || $reason{$text} || $text =~ /^[A-Z]+ [A-Z]+ .*;$/ || $text !~ /[a-z]{3}.*[a-z]{3}/;
		is_on_page($_) for map { s/^ +| +$//gr } grep { / .* .* / } split /\\n/, $text;
	}
}

if ($ENV{PSI_WRITE_DOCS})
{
	open my $out, '>', $ENV{PSI_WRITE_DOCS} or die "$ENV{PSI_WRITE_DOCS}: $!";
	print $out $fresh;
	close $out;
}
$_->stop for $node, not_preloaded();
done_testing();
