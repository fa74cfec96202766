// command_text: one pass over the tokens of a command.
#include "plan/command_text.hpp"

#include "pg/scanner.hpp"

namespace psi
{

namespace
{

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

// The names of the index and of the table. False if a definition does not follow them.
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

const char *CommandIn(const StatementText &statement, const char *first_word)
{
	bool found = false;
	int begin = 0;
	int end = 0;
	const auto walk = [&]
	{
		Tokens tokens(statement.text);
		found = tokens.IsKeyword(first_word);
		begin = tokens.Location();
		for (; !tokens.AtEnd() && !tokens.Is(';'); tokens.Next())
			CHECK_FOR_INTERRUPTS();
		end = tokens.PreviousEnd();
	};
	if (!ScannerAccepts(walk) || !found)
		return nullptr;
	return pnstrdup(statement.text + begin, end - begin);
}

} // namespace psi
