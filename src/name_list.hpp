// name_list: the syntax of pg_safe_index.exempt_applications.
//
// A list of application names, separated by commas. White space around a name does not count; a
// name that holds a comma or a double quote stands in double quotes, the quote doubled. A trailing
// * matches any rest. Letters keep their case, as in application_name. Knows no PostgreSQL header,
// allocates nothing, raises nothing.
#pragma once

#include <string_view>

namespace psi
{

// Is this a well-formed list? An empty one is; an empty name, an open quote, or text beside a
// quoted name is not.
bool IsNameList(std::string_view list);

// Does a name of the list match? A malformed list matches nothing from the fault on.
bool NameListMatches(std::string_view list, std::string_view name);

} // namespace psi
