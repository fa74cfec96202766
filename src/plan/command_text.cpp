// command_text: a walk over the tokens of one command.
#include "plan/command_text.hpp"

#include "pg/scanner.hpp"

namespace psi
{

namespace
{

// Column references that name their table, in an array that grows.
struct QualifiedColumns
{
	int count;
	int capacity;
	const ColumnRef **items;
};

bool CollectQualified(Node *node, void *state)
{
	if (node == nullptr)
		return false;
	if (!IsA(node, ColumnRef))
		return WalkRawTree(node, CollectQualified, state);

	const auto *column = reinterpret_cast<const ColumnRef *>(node);
	auto *columns = static_cast<QualifiedColumns *>(state);
	if (list_length(column->fields) < 2 || !IsA(llast(column->fields), String))
		return false;
	if (columns->count == columns->capacity)
	{
		columns->capacity *= 2;
		columns->items = static_cast<const ColumnRef **>(
			repalloc(columns->items, sizeof(*columns->items) * columns->capacity));
	}
	columns->items[columns->count++] = column;
	return false; // go on
}

bool NamesTable(Node *node, void *name)
{
	if (node == nullptr)
		return false;
	if (!IsA(node, ColumnRef))
		return WalkRawTree(node, NamesTable, name);
	const auto *column = reinterpret_cast<const ColumnRef *>(node);
	// table, schema.table, table.*; or a column that is called like it.
	const Node *last = static_cast<const Node *>(llast(column->fields));
	return IsA(last, A_Star) || (IsA(last, String) && strcmp(strVal(llast(column->fields)),
															 static_cast<const char *>(name)) == 0);
}

QualifiedColumns FindQualified(const IndexStmt &tree)
{
	constexpr int first_capacity = 8;
	QualifiedColumns columns{
		0, first_capacity,
		static_cast<const ColumnRef **>(palloc(sizeof(*columns.items) * first_capacity))};
	for (int i = 0; i < list_length(tree.indexParams); ++i)
		CollectQualified(static_cast<IndexElem *>(list_nth(tree.indexParams, i))->expr, &columns);
	CollectQualified(tree.whereClause, &columns);
	return columns;
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

// CREATE [UNIQUE] INDEX, DROP INDEX, REINDEX: up to the word that CONCURRENTLY follows.
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

// The name of the index and of the table.
bool SkipToDefinition(Tokens &tokens)
{
	while (!tokens.AtEnd() && !tokens.IsKeyword("on"))
		tokens.Next();
	if (!tokens.Skip("on"))
		return false;
	SkipTable(tokens);
	return tokens.Is('(') || tokens.IsKeyword("using");
}

void Find(const StatementText &statement, Operation operation, CommandText &command)
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

// Copies the definition to `out`, the qualifiers left out. False if one of them is not where it
// should be: this is not the text that the tree was made from.
bool CopyUnqualified(const CommandText &command, const StatementText &statement,
					 const QualifiedColumns &qualified, StringInfo out)
{
	int copied = command.definition;
	int left_out = 0;
	Tokens tokens(statement.text);
	while (!tokens.AtEnd() && tokens.Location() < command.definition)
		tokens.Next();
	for (; !tokens.AtEnd(); tokens.Next())
	{
		CHECK_FOR_INTERRUPTS();
		const int location = tokens.Location();
		for (int i = 0; i < qualified.count; ++i)
		{
			if (qualified.items[i]->location - statement.offset != location)
				continue;
			// Leave out all up to the dot before the last name.
			for (int dots = list_length(qualified.items[i]->fields) - 1;
				 dots > 0 && !tokens.AtEnd(); tokens.Next())
			{
				if (tokens.Is('.'))
					--dots;
			}
			appendBinaryStringInfo(out, command.text + copied, location - copied);
			copied = tokens.Location();
			++left_out;
			break;
		}
	}
	if (left_out != qualified.count || copied > command.end)
		return false;
	appendBinaryStringInfo(out, command.text + copied, command.end - copied);
	return true;
}

} // namespace

CommandText FindCommand(const StatementText &statement, Operation operation)
{
	CommandText command{};
	command.text = statement.text;
	if (!ScannerAccepts([&] { Find(statement, operation, command); }))
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
	char *name = tree.relation->relname;
	for (int i = 0; i < list_length(tree.indexParams); ++i)
	{
		if (NamesTable(static_cast<IndexElem *>(list_nth(tree.indexParams, i))->expr, name))
			return true;
	}
	return NamesTable(tree.whereClause, name);
}

namespace
{

// After a dot PostgreSQL takes any keyword for a name, by itself it does not: "true" is a constant.
bool IsNameByItself(const ColumnRef &column)
{
	const int keyword = ScanKeywordLookup(strVal(llast(column.fields)), &ScanKeywords);
	return keyword < 0 || ScanKeywordCategories[keyword] == UNRESERVED_KEYWORD;
}

} // namespace

const char *DefinitionForPartitions(const CommandText &command, const StatementText &statement,
									const IndexStmt &tree)
{
	// What parse analysis has been at is no raw tree any more.
	if (tree.transformed)
		return nullptr;
	const QualifiedColumns qualified = FindQualified(tree);
	for (int i = 0; i < qualified.count; ++i)
	{
		if (!IsNameByItself(*qualified.items[i]))
			return nullptr;
	}
	StringInfoData definition;
	initStringInfo(&definition);
	bool copied = false;
	const bool accepted = ScannerAccepts(
		[&] { copied = CopyUnqualified(command, statement, qualified, &definition); });
	return accepted && copied ? definition.data : nullptr;
}

} // namespace psi
