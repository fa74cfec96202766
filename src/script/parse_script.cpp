// parse_script: PostgreSQL's parser and scanner do the work.
#include "script/parse_script.hpp"

#include "pg/scanner.hpp"

namespace psi
{

namespace
{

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

void WithErrorsIn(const char *script, void (*run)(void *argument), void *argument)
{
	ErrorContextCallback callback{error_context_stack, PlaceError, const_cast<char *>(script)};
	error_context_stack = &callback;
	run(argument);
	error_context_stack = callback.previous;
}

List *ParseScript(const char *script)
{
	struct Parsed
	{
		const char *script;
		List *statements;
	} parsed{script, NIL};
	const auto parse = [](void *argument)
	{
		auto &of = *static_cast<Parsed *>(argument);
		of.statements = pg_parse_query(of.script);
	};
	WithErrorsIn(script, parse, &parsed);
	return parsed.statements;
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
