// scanner: how to go over the parts of a statement that several commands share.
#include "pg/scanner.hpp"

namespace psi
{

namespace
{

// Skips an identifier, with the UESCAPE clause that may follow a Unicode one.
void SkipIdentifier(Tokens &tokens)
{
	tokens.Next();
	if (tokens.Skip("uescape"))
		tokens.Next();
}

} // namespace

void SkipTable(Tokens &tokens)
{
	if (tokens.Skip("only") && tokens.Is('('))
	{
		while (!tokens.AtEnd() && !tokens.Is(')'))
			tokens.Next();
		tokens.Next();
		return;
	}
	SkipIdentifier(tokens);
	while (tokens.Is('.'))
	{
		tokens.Next();
		SkipIdentifier(tokens);
	}
	if (tokens.Is('*'))
		tokens.Next();
}

} // namespace psi
