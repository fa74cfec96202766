// command_text: a walk over the tokens of one command.
#include "command_text.hpp"

namespace psi
{

namespace
{

// The server's scanner on one text. Its memory is the current memory context's; there is no need to
// finish it, and no chance to when it raises an error.
class Tokens
{
  public:
	explicit Tokens(const char *text)
	{
		scanner = scanner_init(text, &extra, &ScanKeywords, ScanKeywordTokens);
		SilenceScanner(extra);
		Next();
	}

	void Next()
	{
		previous_end = end;
		token = core_yylex(&value, &location, scanner);
		// The scanner leaves the token NUL-terminated in its copy of the text until it is called
		// again (pg_stat_statements relies on that, too).
		end = token == 0 ? previous_end
						 : location + static_cast<int>(strlen(extra.scanbuf + location));
	}

	bool AtEnd() const
	{
		return token == 0;
	}

	bool Is(char punctuation) const
	{
		return token == punctuation;
	}

	bool IsKeyword(const char *word) const
	{
		const int number = ScanKeywordLookup(word, &ScanKeywords);
		return number >= 0 && token == ScanKeywordTokens[number];
	}

	bool Skip(const char *keyword)
	{
		if (!IsKeyword(keyword))
			return false;
		Next();
		return true;
	}

	int Location() const
	{
		return location;
	}

	// Behind the token before this one.
	int PreviousEnd() const
	{
		return previous_end;
	}

  private:
	core_yy_extra_type extra{};
	core_YYSTYPE value{};
	core_yyscan_t scanner;
	YYLTYPE location = 0;
	int token = 0;
	int end = 0;
	int previous_end = 0;
};

// From behind ON to the definition: [ONLY] name [*], [ONLY] (name)
void SkipTable(Tokens &tokens)
{
	if (tokens.Skip("only") && tokens.Is('('))
	{
		while (!tokens.AtEnd() && !tokens.Is(')'))
			tokens.Next();
		tokens.Next();
	}
	while (!tokens.AtEnd() && !tokens.Is('(') && !tokens.IsKeyword("using"))
		tokens.Next();
}

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

} // namespace

CommandText FindCommand(const StatementText &statement, Operation operation)
{
	CommandText command{};
	command.text = statement.text;

	Tokens tokens(statement.text);
	command.begin = tokens.Location();
	if (operation == Operation::create_index)
	{
		if (!tokens.Skip("create"))
			return command;
		tokens.Skip("unique");
	}
	else if (!tokens.Skip("drop"))
		return command;
	if (!tokens.Skip("index"))
		return command;
	command.after_index = tokens.PreviousEnd();

	if (operation == Operation::create_index)
	{
		while (!tokens.AtEnd() && !tokens.IsKeyword("on"))
			tokens.Next();
		if (!tokens.Skip("on"))
			return command;
		SkipTable(tokens);
		if (tokens.AtEnd())
			return command;
		command.definition = tokens.Location();
	}

	while (!tokens.AtEnd() && !tokens.Is(';'))
		tokens.Next();
	command.end = tokens.PreviousEnd();
	if (operation == Operation::drop_index)
		command.definition = command.end;
	command.found = true;
	return command;
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
