// command_text: a walk over the tokens of one command.
#include "command_text.hpp"

#include "tokens.hpp"

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
	return false;
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

} // namespace

CommandText FindCommand(const StatementText &statement, Operation operation)
{
	CommandText command{};
	command.text = statement.text;

	Tokens tokens(statement.text);
	command.begin = tokens.Location();
	if (!SkipVerb(tokens, operation))
		return command;
	command.after_verb = tokens.PreviousEnd();
	if (operation == Operation::create_index)
	{
		if (!SkipToDefinition(tokens))
			return command;
		command.definition = tokens.Location();
	}
	while (!tokens.AtEnd() && !tokens.Is(';'))
		tokens.Next();
	command.end = tokens.PreviousEnd();
	command.found = true;
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

const char *DefinitionForPartitions(const CommandText &command, const StatementText &statement,
									const IndexStmt &tree)
{
	const QualifiedColumns qualified = FindQualified(tree);
	StringInfoData definition;
	initStringInfo(&definition);

	int copied = command.definition;
	Tokens tokens(statement.text);
	while (!tokens.AtEnd())
	{
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
			appendBinaryStringInfo(&definition, command.text + copied, location - copied);
			copied = tokens.Location();
			break;
		}
		tokens.Next();
	}
	appendBinaryStringInfo(&definition, command.text + copied, command.end - copied);
	return definition.data;
}

} // namespace psi
