// alter_text: commas outside of parentheses and brackets separate the subcommands.
#include "plan/alter_text.hpp"

#include "pg/list.hpp"
#include "pg/scanner.hpp"

namespace psi
{

namespace
{

// DEFERRABLE and the like belong to the constraint before them.
bool IsAttribute(const Constraint &constraint)
{
	return constraint.contype == CONSTR_ATTR_DEFERRABLE ||
		   constraint.contype == CONSTR_ATTR_NOT_DEFERRABLE ||
		   constraint.contype == CONSTR_ATTR_DEFERRED ||
		   constraint.contype == CONSTR_ATTR_IMMEDIATE;
}

const Constraint &ConstraintAt(const ColumnDef &column, int i)
{
	return *As<Constraint>(static_cast<const Node *>(list_nth(column.constraints, i)));
}

// Where the text of constraint `number` of a column, with its attributes, ends: at the next
// constraint, at COLLATE, or at `end`. Each node knows where its text begins. The list is in the
// order of the text; COLLATE is not in the list.
int EndOfConstraint(const ColumnDef &column, int number, int end)
{
	const int count = list_length(column.constraints);
	int next = number + 1;
	while (next < count && IsAttribute(ConstraintAt(column, next)))
		++next;
	if (next < count)
		end = Min(end, ConstraintAt(column, next).location);
	if (column.collClause != nullptr &&
		column.collClause->location > ConstraintAt(column, number).location)
		end = Min(end, column.collClause->location);
	return end;
}

void ScanAlterTable(const StatementText &statement, int count, AlterText &alter)
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
			// No tree has a subcommand without words, or more than `count`.
			if (alter.subcommands.Count() == count || tokens.PreviousEnd() <= begin)
				return;
			alter.subcommands.Add({begin, tokens.PreviousEnd()});
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
	alter.found = alter.subcommands.Count() == count;
}

} // namespace

AlterText FindAlterTable(const StatementText &statement, int count)
{
	AlterText alter;
	alter.text = statement.text;
	if (!ScannerAccepts([&] { ScanAlterTable(statement, count, alter); }))
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
	bool is_key = false;
	bool not_null = false;
	for (int i = 0; i < list_length(column.constraints); ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const Constraint &constraint = ConstraintAt(column, i);
		const int location = constraint.location - statement.offset;
		// An attribute goes with its constraint even if COLLATE stands between the two.
		if (!IsAttribute(constraint))
			leaves_out = BuildsIndex(constraint);
		is_key = is_key || constraint.contype == CONSTR_PRIMARY;
		not_null = not_null || constraint.contype == CONSTR_NOTNULL;
		if (!leaves_out || location < copied || location >= whole.end)
			continue;
		appendBinaryStringInfo(&text, alter.text + copied, location - copied);
		copied = EndOfConstraint(column, i, whole.end + statement.offset) - statement.offset;
	}
	appendBinaryStringInfo(&text, alter.text + copied, whole.end - copied);
	while (text.len > 0 && scanner_isspace(text.data[text.len - 1]))
		text.data[--text.len] = '\0';
	// So that the table is not scanned for nulls when the column becomes the primary key.
	if (is_key && !not_null)
		appendStringInfoString(&text, " NOT NULL");
	return text.data;
}

} // namespace psi
