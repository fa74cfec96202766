// command_text: one pass over the tokens of a command.
#include "plan/command_text.hpp"

#include "pg/array.hpp"
#include "pg/list.hpp"
#include "pg/scanner.hpp"

namespace psi
{

namespace
{

using ColumnRefs = Array<const ColumnRef *>;

bool CollectQualified(Node *node, void *state)
{
	if (node == nullptr)
		return false;
	const auto *column = IfA<ColumnRef>(node);
	if (column == nullptr)
		return WalkRawTree(node, CollectQualified, state);
	if (list_length(column->fields) > 1 && IsA(llast(column->fields), String))
		static_cast<ColumnRefs *>(state)->Add(column);
	return false; // go on
}

int CompareLocations(const void *a, const void *b)
{
	return (*static_cast<const ColumnRef *const *>(a))->location -
		   (*static_cast<const ColumnRef *const *>(b))->location;
}

// The column references that name their table, in the order of the text.
ColumnRefs FindQualified(const IndexStmt &tree)
{
	ColumnRefs columns;
	for (const IndexElem *element : Each<IndexElem>(tree.indexParams))
		CollectQualified(element->expr, &columns);
	CollectQualified(tree.whereClause, &columns);
	qsort(columns.begin(), columns.Count(), sizeof(const ColumnRef *), CompareLocations);
	return columns;
}

// Whether a column reference ends in the table's name or in a star.
bool NamesTable(Node *node, void *table)
{
	if (node == nullptr)
		return false;
	const auto *column = IfA<ColumnRef>(node);
	if (column == nullptr)
		return WalkRawTree(node, NamesTable, table);
	// This is table, schema.table or table.*; or a column that has the name of the table.
	const auto *last = static_cast<const Node *>(llast(column->fields));
	const auto *name = IfA<String>(last);
	return IsA(last, A_Star) ||
		   (name != nullptr && strcmp(name->sval, static_cast<const char *>(table)) == 0);
}

// After a dot PostgreSQL reads any keyword as a name. Without the dot it may not: "true" is a
// constant.
bool IsNameByItself(const ColumnRef &column)
{
	const int keyword = ScanKeywordLookup(strVal(llast(column.fields)), &ScanKeywords);
	return keyword < 0 || ScanKeywordCategories[keyword] == UNRESERVED_KEYWORD;
}

// REINDEX [(options)] {INDEX | TABLE | SCHEMA | DATABASE}
bool SkipReindex(Tokens &tokens)
{
	if (!tokens.Skip("reindex"))
		return false;
	if (tokens.Is('('))
	{
		while (!tokens.AtEnd() && !tokens.Is(')'))
			tokens.Next();
		tokens.Next();
	}
	return tokens.Skip("index") || tokens.Skip("table") || tokens.Skip("schema") ||
		   tokens.Skip("database");
}

// CREATE [UNIQUE] INDEX, DROP INDEX or REINDEX, up to the word that CONCURRENTLY follows.
bool SkipVerb(Tokens &tokens, Operation operation)
{
	switch (operation)
	{
	case Operation::create_index:
		if (!tokens.Skip("create"))
			return false;
		tokens.Skip("unique");
		return tokens.Skip("index");
	case Operation::drop_index:
		return tokens.Skip("drop") && tokens.Skip("index");
	case Operation::reindex:
		return SkipReindex(tokens);
	default:
		return false;
	}
}

// The names of the index and of the table.
bool SkipToDefinition(Tokens &tokens)
{
	while (!tokens.AtEnd() && !tokens.IsKeyword("on"))
		tokens.Next();
	if (!tokens.Skip("on"))
		return false;
	SkipTable(tokens);
	return tokens.Is('(') || tokens.IsKeyword("using");
}

void ScanCommand(const StatementText &statement, Operation operation, CommandText &command)
{
	Tokens tokens(statement.text);
	command.begin = tokens.Location();
	if (!SkipVerb(tokens, operation))
		return;
	command.after_verb = tokens.PreviousEnd();
	if (operation == Operation::create_index)
	{
		if (!SkipToDefinition(tokens))
			return;
		command.definition = tokens.Location();
	}
	while (!tokens.AtEnd() && !tokens.Is(';'))
	{
		CHECK_FOR_INTERRUPTS();
		tokens.Next();
	}
	command.end = tokens.PreviousEnd();
	command.found = true;
}

// Copies the definition to `out` without the qualifiers. Returns false if one of them is not where
// it should be: the tree was not made from this text.
bool CopyUnqualified(const CommandText &command, const StatementText &statement,
					 const ColumnRefs &qualified, StringInfo out)
{
	int copied = command.definition;
	const ColumnRef *const *next = qualified.begin();
	Tokens tokens(statement.text);
	while (!tokens.AtEnd() && tokens.Location() < command.definition)
		tokens.Next();
	for (; !tokens.AtEnd(); tokens.Next())
	{
		CHECK_FOR_INTERRUPTS();
		const int location = tokens.Location();
		if (next == qualified.end() || (*next)->location - statement.offset != location)
			continue;
		// Leave out everything up to the dot before the last name.
		for (int dots = list_length((*next)->fields) - 1; dots > 0 && !tokens.AtEnd();
			 tokens.Next())
		{
			if (tokens.Is('.'))
				--dots;
		}
		appendBinaryStringInfo(out, command.text + copied, location - copied);
		copied = tokens.Location();
		++next;
	}
	if (next != qualified.end() || copied > command.end)
		return false;
	appendBinaryStringInfo(out, command.text + copied, command.end - copied);
	return true;
}

} // namespace

CommandText FindCommand(const StatementText &statement, Operation operation)
{
	CommandText command;
	command.text = statement.text;
	if (!ScannerAccepts([&] { ScanCommand(statement, operation, command); }))
		command.found = false;
	return command;
}

void AppendWithConcurrently(StringInfo out, const CommandText &command)
{
	appendBinaryStringInfo(out, command.text + command.begin, command.after_verb - command.begin);
	appendStringInfoString(out, " CONCURRENTLY");
	appendBinaryStringInfo(out, command.text + command.after_verb,
						   command.end - command.after_verb);
	appendStringInfoChar(out, ';');
}

bool MayHoldWholeRow(const IndexStmt &tree)
{
	if (tree.transformed)
		return false;
	char *table = tree.relation->relname;
	for (const IndexElem *element : Each<IndexElem>(tree.indexParams))
	{
		if (NamesTable(element->expr, table))
			return true;
	}
	return NamesTable(tree.whereClause, table);
}

const char *DefinitionForPartitions(const CommandText &command, const StatementText &statement,
									const IndexStmt &tree)
{
	// After parse analysis it is no longer a raw tree, which WalkRawTree() needs.
	if (tree.transformed)
		return nullptr;
	const ColumnRefs qualified = FindQualified(tree);
	for (const ColumnRef *column : qualified)
	{
		if (!IsNameByItself(*column))
			return nullptr;
	}
	StringInfoData definition;
	initStringInfo(&definition);
	bool copied = false;
	const auto copy = [&] { copied = CopyUnqualified(command, statement, qualified, &definition); };
	return ScannerAccepts(copy) && copied ? definition.data : nullptr;
}

} // namespace psi
