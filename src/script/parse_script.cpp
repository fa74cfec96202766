// parse_script: PostgreSQL's parser and scanner do the work.
#include "script/parse_script.hpp"

#include "pg/scanner.hpp"

namespace psi
{

namespace
{

// The position of a syntax error is one in the script, and not in the query that calls us.
void PlaceError(void *script)
{
	const int position = geterrposition();
	if (position <= 0)
		return;
	errposition(0);
	internalerrposition(position);
	internalerrquery(static_cast<const char *>(script));
}

} // namespace

List *ParseScript(const char *script)
{
	ErrorContextCallback callback{error_context_stack, PlaceError, const_cast<char *>(script)};
	error_context_stack = &callback;
	List *statements = pg_parse_query(script);
	error_context_stack = callback.previous;
	return statements;
}

StatementText TextIn(const char *script, const RawStmt &raw)
{
	const int offset = Max(raw.stmt_location, 0);
	const char *text =
		raw.stmt_len > 0 ? pnstrdup(script + offset, raw.stmt_len) : pstrdup(script + offset);
	int begin = 0;
	int end = static_cast<int>(strlen(text));
	const auto walk = [&]
	{
		Tokens tokens(text);
		begin = tokens.Location();
		while (!tokens.AtEnd())
			tokens.Next();
		end = tokens.PreviousEnd();
	};
	if (!ScannerAccepts(walk) || end <= begin)
	{
		begin = 0;
		end = static_cast<int>(strlen(text));
	}
	return {pnstrdup(text + begin, end - begin), offset + begin};
}

} // namespace psi
