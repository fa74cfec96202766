// name_list: one walk over the elements of a list serves all who read it.
#include "statement/name_list.hpp"

namespace psi
{

namespace
{

constexpr std::string_view white_space = " \t\n\r\f\v";

// Not substr(), here and below: its range check would call into libstdc++.
constexpr std::string_view Trim(std::string_view text)
{
	const auto first = text.find_first_not_of(white_space);
	if (first == std::string_view::npos)
		return {};
	return {text.data() + first, text.find_last_not_of(white_space) - first + 1};
}

// Where the element at the start of `list` ends: the first comma outside of double quotes, or the
// end.
constexpr std::string_view::size_type ElementLength(std::string_view list)
{
	bool quoted = false;
	for (std::string_view::size_type i = 0; i < list.size(); ++i)
	{
		if (list[i] == '"')
			quoted = !quoted;
		else if (list[i] == ',' && !quoted)
			return i;
	}
	return list.size();
}

// The characters of one element in turn, quotes taken away, without a copy of it.
struct ElementReader
{
	std::string_view rest;
	bool quoted;

	constexpr bool Next(char &c)
	{
		if (rest.empty())
			return false;
		c = rest.front();
		rest.remove_prefix(quoted && c == '"' ? 2 : 1);
		return true;
	}
};

// Opens a trimmed element. False if it is malformed.
constexpr bool OpenElement(std::string_view element, ElementReader &reader)
{
	if (element.empty())
		return false;
	if (element.front() != '"')
	{
		reader = ElementReader{element, false};
		return element.find('"') == std::string_view::npos;
	}
	if (element.size() < 3 || element.back() != '"')
		return false;
	element.remove_prefix(1);
	element.remove_suffix(1);
	for (std::string_view::size_type i = 0; i < element.size(); ++i)
	{
		if (element[i] != '"')
			continue;
		if (i + 1 == element.size() || element[i + 1] != '"')
			return false;
		++i;
	}
	reader = ElementReader{element, true};
	return true;
}

constexpr char ToLower(char c)
{
	return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool ElementIs(ElementReader reader, std::string_view name)
{
	const bool folds = !reader.quoted;
	char c = 0;
	while (reader.Next(c))
	{
		if (name.empty() || name.front() != (folds ? ToLower(c) : c))
			return false;
		name.remove_prefix(1);
	}
	return name.empty();
}

// Calls `visit` with each element until it returns true, and then returns true; false at the end of
// the list, or at a malformed element, which is told in `malformed`.
template <typename Visit>
constexpr bool AnyElement(std::string_view list, bool &malformed, Visit visit)
{
	malformed = false;
	if (Trim(list).empty())
		return false;
	for (;;)
	{
		const auto length = ElementLength(list);
		ElementReader reader{};
		if (!OpenElement(Trim({list.data(), length}), reader))
		{
			malformed = true;
			return false;
		}
		if (visit(reader))
			return true;
		if (length == list.size())
			return false;
		list.remove_prefix(length + 1);
	}
}

} // namespace

bool ReadNameSet(std::string_view list, const std::string_view *names, int count, unsigned &bits,
				 std::string_view &unknown)
{
	bits = 0;
	bool malformed = false;
	const auto is_unknown = [&](const ElementReader &reader)
	{
		for (int i = 0; i < count; ++i)
		{
			if (!ElementIs(reader, names[i]))
				continue;
			bits |= 1u << static_cast<unsigned>(i);
			return false;
		}
		unknown = reader.rest;
		return true;
	};
	const bool stopped = AnyElement(list, malformed, is_unknown);
	return !stopped && !malformed;
}

bool IsNameList(std::string_view list)
{
	bool malformed = false;
	AnyElement(list, malformed, [](const ElementReader &) { return false; });
	return !malformed;
}

void ParseNameList(std::string_view list, char *parsed)
{
	bool malformed = false;
	char *out = parsed;
	const auto append = [&out](ElementReader reader)
	{
		char *kind = out++;
		*kind = 'e';
		char c = 0;
		while (reader.Next(c))
			*out++ = c;
		if (out[-1] == '*')
		{
			*kind = 'p';
			--out;
		}
		*out++ = '\0';
		return false;
	};
	AnyElement(list, malformed, append);
	*out = '\0';
}

bool MatchesNameList(const char *parsed, std::string_view name)
{
	while (*parsed != '\0')
	{
		const bool is_prefix = *parsed++ == 'p';
		const std::string_view pattern(parsed);
		parsed += pattern.size() + 1;
		if (name.size() >= pattern.size() && (is_prefix || name.size() == pattern.size()) &&
			std::string_view(name.data(), pattern.size()) == pattern)
			return true;
	}
	return false;
}

} // namespace psi
