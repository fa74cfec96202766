// alter_text: the subcommands are what stands between the commas that are in no parentheses.
#include "plan/alter_text.hpp"

#include "pg/scanner.hpp"

namespace psi
{

namespace
{

// DEFERRABLE and the like go with the constraint before them.
bool IsAttribute(const Constraint &constraint)
{
	return constraint.contype == CONSTR_ATTR_DEFERRABLE ||
		   constraint.contype == CONSTR_ATTR_NOT_DEFERRABLE ||
		   constraint.contype == CONSTR_ATTR_DEFERRED ||
		   constraint.contype == CONSTR_ATTR_IMMEDIATE;
}

// The words that begin what can follow a constraint in a column's definition belong to another node
// of the list, each of which knows where it stands. The list is in the order of the text, but for
// COLLATE, which is none of it.
int NextBehind(const ColumnDef &column, int number, int end)
{
	const auto location_of = [&](int i)
	{ return static_cast<const Constraint *>(list_nth(column.constraints, i))->location; };
	const int location = location_of(number);
	int next = end;
	for (int i = number + 1; i < list_length(column.constraints); ++i)
	{
		if (IsAttribute(*static_cast<const Constraint *>(list_nth(column.constraints, i))))
			continue;
		next = Min(next, location_of(i));
		break;
	}
	if (column.collClause != nullptr && column.collClause->location > location)
		next = Min(next, column.collClause->location);
	return next;
}

void Find(const StatementText &statement, int count, Subcommand *subcommands, AlterText &alter)
{
	Tokens tokens(statement.text);
	alter.begin = tokens.Location();
	if (!tokens.Skip("alter") || !(tokens.Skip("table") || tokens.Skip("index")))
		return;
	if (tokens.Skip("if"))
		tokens.Skip("exists");
	SkipTable(tokens);
	alter.head_end = tokens.PreviousEnd();

	int depth = 0;
	int begin = tokens.Location();
	for (;; tokens.Next())
	{
		CHECK_FOR_INTERRUPTS();
		const bool ends = tokens.AtEnd() || tokens.Is(';');
		if (ends || (depth == 0 && tokens.Is(',')))
		{
			// One without words is in no tree: the text is another command's.
			if (alter.count == count || tokens.PreviousEnd() <= begin)
				return;
			subcommands[alter.count++] = {begin, tokens.PreviousEnd()};
			if (ends)
				break;
			tokens.Next();
			begin = tokens.Location();
		}
		if (tokens.Is('(') || tokens.Is('['))
			++depth;
		else if (tokens.Is(')') || tokens.Is(']'))
			--depth;
	}
	alter.found = alter.count == count;
}

} // namespace

AlterText FindAlterTable(const StatementText &statement, int count)
{
	AlterText alter{};
	alter.text = statement.text;
	auto *subcommands = static_cast<Subcommand *>(palloc(sizeof(Subcommand) * (count + 1)));
	alter.subcommands = subcommands;
	if (!ScannerAccepts([&] { Find(statement, count, subcommands, alter); }))
		alter.found = false;
	return alter;
}

const char *ColumnWithoutIndexes(const AlterText &alter, const StatementText &statement,
								 int subcommand, const ColumnDef &column)
{
	const Subcommand &whole = alter.subcommands[subcommand];
	StringInfoData text;
	initStringInfo(&text);
	int copied = whole.begin;
	bool leaves_out = false;
	for (int i = 0; i < list_length(column.constraints); ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const auto *constraint = static_cast<const Constraint *>(list_nth(column.constraints, i));
		const int location = constraint->location - statement.offset;
		// COLLATE, which is none of the list, can stand between a constraint and what goes with it.
		if (!IsAttribute(*constraint))
			leaves_out = BuildsIndex(*constraint);
		if (!leaves_out || location < copied || location >= whole.end)
			continue;
		appendBinaryStringInfo(&text, alter.text + copied, location - copied);
		copied = NextBehind(column, i, whole.end + statement.offset) - statement.offset;
	}
	appendBinaryStringInfo(&text, alter.text + copied, whole.end - copied);
	while (text.len > 0 && scanner_isspace(text.data[text.len - 1]))
		text.data[--text.len] = '\0';
	return text.data;
}

} // namespace psi
