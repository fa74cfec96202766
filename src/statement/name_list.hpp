// name_list: the syntax of pg_safe_index.exempt_applications and operations.
//
// A list of names, separated by commas. White space around a name does not count; a name with a
// comma or a double quote in it is written in double quotes, the quote doubled. Includes no header
// of PostgreSQL, allocates nothing, raises nothing.
#pragma once

#include <cstddef>
#include <string_view>

namespace psi
{

// The parsed form of a list: for each name 'e' (exact) or 'p' (prefix, from a trailing *), the text
// without quotes and a NUL; a NUL at the end. This many bytes suffice for it.
constexpr std::size_t ParsedSize(std::string_view list)
{
	return 2 * list.size() + 2;
}

// Is this a well-formed list? An empty one is; an empty name, an open quote, or text beside a
// quoted name is not.
bool IsNameList(std::string_view list);

// Parses a well-formed list into `parsed`, which has ParsedSize() bytes.
void ParseNameList(std::string_view list, char *parsed);

// Does a name of the parsed list match? A trailing * matches any rest; letters keep their case, as
// in application_name.
bool MatchesNameList(const char *parsed, std::string_view name);

// Reads a list whose names are identifiers, each one of `names`: sets bit n for the n-th. Without
// quotes upper and lower case are the same. False if it is malformed, or if it has another name,
// which `unknown` then holds as it stands in the list.
bool ReadNameSet(std::string_view list, const std::string_view *names, int count, unsigned &bits,
				 std::string_view &unknown);

} // namespace psi
