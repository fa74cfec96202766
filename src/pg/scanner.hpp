// scanner: the text of a statement as the server's own scanner sees it, so that comments, quotes,
// dollar quotes and Unicode identifiers are what the server takes them for.
//
// Reads text only: no catalogs, no locks.
#pragma once

#include "pg/postgres.hpp"

namespace psi
{

// The server's scanner on one text, token by token. Its memory comes from the current memory
// context, so that it need not be finished, which would not be possible after an error.
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

	// The offset behind the token before this one.
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

// Is it an error that the scanner raises about a text (scan.l), or the check of the encoding that
// it calls?
inline bool IsScannerError(int code)
{
	return code == ERRCODE_SYNTAX_ERROR || code == ERRCODE_NONSTANDARD_USE_OF_ESCAPE_CHARACTER ||
		   code == ERRCODE_INVALID_ESCAPE_SEQUENCE || code == ERRCODE_FEATURE_NOT_SUPPORTED ||
		   code == ERRCODE_CHARACTER_NOT_IN_REPERTOIRE || code == ERRCODE_UNTRANSLATABLE_CHARACTER;
}

// Runs `walk`, which goes over tokens. False if the scanner refuses the text. That happens if
// standard_conforming_strings or backslash_quote has changed since the text was parsed, perhaps by
// an earlier statement of the same string, or if the tree was not made from this text. The scanner
// holds nothing but memory, so that its error can be dropped here. Any other error is raised again.
template <typename Walk> bool ScannerAccepts(Walk walk)
{
	volatile bool accepted = true;
	const MemoryContext context = CurrentMemoryContext;
	PG_TRY();
	{
		walk();
	}
	PG_CATCH();
	{
		if (!IsScannerError(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
		accepted = false;
	}
	PG_END_TRY();
	return accepted;
}

// Skips the name of a table with what may stand around it: [ONLY] [schema.]name [*], ONLY (name).
void SkipTable(Tokens &tokens);

} // namespace psi
