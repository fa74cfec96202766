// parse_script: PostgreSQL's parser and scanner do the work.
#include "script/parse_script.hpp"

#include "pg/scanner.hpp"

namespace psi
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

List *ParseScript(const char *script)
{
	return WithErrorsIn(script, [script] { return pg_parse_query(script); });
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
