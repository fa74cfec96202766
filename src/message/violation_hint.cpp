// violation_hint: lays the lines of the hint out.
#include "message/violation_hint.hpp"

#include "message/block_message.hpp"
#include "message/override.hpp"
#include "message/raise_violation.hpp"
#include "pg/list.hpp"
#include "plan/remedy.hpp"

namespace psi
{

namespace
{

// Of the whole hint, without pg_safe_index.help.
constexpr int lines_max = 10;

int LinesIn(const char *text)
{
	int lines = 0;
	for (; text != nullptr; text = strchr(text, '\n'))
	{
		++lines;
		if (*text == '\n')
			++text;
	}
	return lines;
}

// The concurrent command among the steps; null if there is none. A step without a bounded wait is
// one, or VALIDATE CONSTRAINT.
const char *ConcurrentAmong(const Array<Step> &steps)
{
	for (const Step &step : steps)
	{
		if (step.IsBounded())
			continue;
		switch (pg_tolower(static_cast<unsigned char>(step.text->data[0])))
		{
		case 'c':
			return ConcurrentName(Operation::create_index);
		case 'd':
			return ConcurrentName(Operation::drop_index);
		case 'r':
			return ConcurrentName(Operation::reindex);
		default:
			break;
		}
	}
	return nullptr;
}

bool HasViolation(const Array<Step> &steps)
{
	for (const Step &step : steps)
	{
		if (step.violates)
			return true;
	}
	return false;
}

// Does PostgreSQL run the command only outside of transaction blocks, whether or not it says
// CONCURRENTLY?
bool RunsAlone(const Judgment &judgment)
{
	return judgment.request.concurrently || (judgment.request.operation == Operation::reindex &&
											 ReachesSeveral(judgment.target.facts.kind));
}

// How to run the command anyway; null if there is nothing to say.
const char *OverrideOf(const Judgment &judgment, const StatementText &statement,
					   const Remedy &remedy, const Settings &settings, const HintFacts &facts)
{
	// The remedy shows it already, with a limit on its wait.
	if (HasViolation(remedy.steps))
		return nullptr;
	const bool unsafe = remedy.steps.IsEmpty() && !remedy.idle;
	return OverrideLine(settings, {ShortCommand(judgment.request, statement), facts.in_block,
								   RunsAlone(judgment), unsafe ? facts.lock_timeout : 0});
}

// Why the commands have to be sent in another way or by the user; null if there is nothing to say.
const char *Obstacle(const Remedy &remedy, const HintFacts &facts)
{
	if (facts.in_block && !remedy.steps.IsEmpty())
	{
		const char *command = ConcurrentAmong(remedy.steps);
		return command != nullptr ? HintToLeaveBlock(command) : HintToLeaveBlockForLocks();
	}
	if (facts.why_not == nullptr || facts.why_not[0] == '\0')
		return nullptr;
	return psprintf("Mode rewrite does not run it: %s.", facts.why_not);
}

// The line after those commands for which there is room.
const char *RestLine(const char *command)
{
	if (command == nullptr)
		return "and so on; pg_safe_index_plan() of the extension returns all of the commands.";
	return psprintf(
		"and so on; where the extension is created, this returns all of the commands: SELECT pg_safe_index_plan(%s);",
		quote_literal_cstr(command));
}

// The end of those commands from that position on that belong together: a transaction, SET and
// RESET of the mode, SET lock_timeout and a command. Nobody is left with an open transaction that
// holds locks.
int EndOfGroup(const List *commands, int begin)
{
	const auto is = [commands](int i, const char *start) {
		return strncmp(static_cast<const char *>(list_nth(commands, i)), start, strlen(start)) == 0;
	};
	const int count = list_length(commands);
	int end = begin;
	if (is(begin, "BEGIN;"))
	{
		while (end < count - 1 && !is(end, "COMMIT;"))
			++end;
	}
	else if (is(begin, "SET pg_safe_index.mode"))
	{
		while (end < count - 1 && !is(end, "RESET pg_safe_index.mode"))
			++end;
	}
	else if (is(begin, "SET lock_timeout"))
		end = Min(begin + 1, count - 1);
	return end + 1;
}

int LinesOf(const List *commands, int begin, int end)
{
	int lines = 0;
	for (int i = begin; i < end; ++i)
		lines += LinesIn(static_cast<const char *>(list_nth(commands, i)));
	return lines;
}

// Appends as many commands as there is room for, but at least one.
void AppendCommands(StringInfo hint, const List *commands, bool more, int room, const char *command)
{
	const int count = list_length(commands);
	if (count == 1 && !more)
	{
		AppendLine(hint, "Use: %s", static_cast<const char *>(linitial(commands)));
		return;
	}
	// With the heading.
	const bool whole = !more && 1 + LinesOf(commands, 0, count) <= room;
	AppendLine(hint, "%s", "Use, one command at a time:");
	int left = room - (whole ? 1 : 2);
	for (int i = 0; i < count;)
	{
		const int end = EndOfGroup(commands, i);
		left -= LinesOf(commands, i, end);
		if (left < 0 && i > 0)
			break;
		for (; i < end; ++i)
			AppendLine(hint, "%s", static_cast<const char *>(list_nth(commands, i)));
	}
	if (!whole)
		AppendLine(hint, "%s", RestLine(command));
}

} // namespace

const char *ViolationHint(const Judgments &judgments, const StatementText &statement,
						  const char *query, const Settings &settings, const HintFacts &facts)
{
	const Judgment &first = judgments.FirstViolation();
	Remedy remedy = FindRemedy(judgments, statement, query, spelled_requests_max);
	LeaveOutForbidden(remedy, judgments, settings);
	StringInfoData rest;
	initStringInfo(&rest);
	AppendLine(&rest, "%s", remedy.remark);
	AppendLine(&rest, "%s", remedy.note);
	AppendLine(&rest, "%s", Obstacle(remedy, facts));
	AppendLine(&rest, "%s", facts.postpone);
	AppendLine(&rest, "%s", OverrideOf(first, statement, remedy, settings, facts));

	StringInfoData hint;
	initStringInfo(&hint);
	if (!remedy.steps.IsEmpty())
		AppendCommands(&hint,
					   AsCommands(remedy.steps, {facts.lock_timeout, ModeForViolation(settings)}),
					   remedy.more, lines_max - (rest.len > 0 ? LinesIn(rest.data) : 0),
					   ShortCommand(first.request, statement));
	if (rest.len > 0)
		AppendLine(&hint, "%s", rest.data);
	return hint.data;
}

} // namespace psi
