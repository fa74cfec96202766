# A psql that stays: what it is sent runs in the background, until somebody wants to know what came of it.
package Session;
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Utils;

sub new
{
	my ($class, $node, %opt) = @_;
	my $self = bless { in => '', out => '', err => '', sent => 0, node => $node }, $class;
	my $connstr = $node->connstr($opt{database} // 'postgres') . ($opt{user} ? " user=$opt{user}" : '')
	  . ($opt{application} ? " application_name='$opt{application}'" : '');
	$self->{timer} = IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default);
	$self->{run} = IPC::Run::start([ 'psql', '-XqAt', '-d', $connstr ],
		'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err}, $self->{timer});
	$self->{pid} = $self->run('SELECT pg_backend_pid();');
	$self->run($opt{set}) if $opt{set};
	return $self;
}

# Begins.
sub send
{
	my ($self, $sql) = @_;
	($self->{out}, $self->{err}) = ('', '');
	$self->{sent}++;
	$self->{in} .= "$sql\n\\echo done $self->{sent}\n\\warn done $self->{sent}\n";
	$self->{run}->pump_nb;
}

# Waits until stderr, where the messages go, says so.
sub wait_for
{
	my ($self, $pattern) = @_;
	$self->{timer}->start($PostgreSQL::Test::Utils::timeout_default);
	$self->{run}->pump until $self->{err} =~ $pattern;
	return $self->{err};
}

# Ends: the rows and the messages.
sub finish
{
	my ($self) = @_;
	my $done = qr/^done $self->{sent}\n/m;
	$self->{timer}->start($PostgreSQL::Test::Utils::timeout_default);
	$self->{run}->pump until $self->{out} =~ $done && $self->{err} =~ $done;
	my $all = "$self->{out}$self->{err}";
	$all =~ s/^done \d+\n//mg;
	chomp $all;
	return $all;
}

sub run
{
	my ($self, $sql) = @_;
	$self->send($sql);
	return $self->finish;
}

# Waits until the session stands in front of somebody's lock, in a phase of a build if one is given.
sub wait_until_blocked
{
	my ($self, $phase) = @_;
	my $in_phase = defined $phase
	  ? "EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.pid = a.pid AND p.phase = '$phase')"
	  : 'true';
	$self->{node}->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity a
		WHERE pid = $self->{pid} AND state = 'active' AND wait_event_type = 'Lock' AND $in_phase")
	  or die 'it does not wait';
}

# poll_query_until() for a server that may be in recovery: a psql that cannot connect does not read its input, and
# IPC::Run dies of that.
sub poll
{
	my ($node, $query) = @_;
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my $answer = eval { my ($code, $out) = $node->psql('postgres', $query); $code == 0 ? $out : '' };
		return if defined $answer && $answer eq 't';
		select(undef, undef, undef, 0.1);
	}
	die "not so: $query";
}

# Waits until the server has ended the session, however far the command has come.
sub wait_for_end
{
	my ($self) = @_;
	poll($self->{node}, "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $self->{pid}");
	eval { $self->{run}->finish };
	return $self->{err};
}

sub quit
{
	my ($self) = @_;
	$self->{in} .= "\\q\n";
	$self->{run}->finish;
}

1;
