// Any bytes as a list of names and as a name: name_list against a reader of the same syntax that is
// written another way, with copies and strings. The bytes up to the first NUL are the list, the
// rest is the name.
#include "statement/name_list.hpp"
#include "policy/policy.hpp"

#include "exact_copy.hpp"

#include <string>
#include <vector>

namespace
{

struct Name
{
	std::string text;
	bool quoted;
};

struct NameList
{
	std::vector<Name> names; // those before the fault, if there is one
	bool well_formed = true;
};

bool IsSpace(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

// Character by character, one state after the other.
NameList Read(const std::string &list)
{
	NameList result;
	std::size_t at = 0;
	const auto skip_spaces = [&]
	{
		while (at < list.size() && IsSpace(list[at]))
			++at;
	};
	skip_spaces();
	if (at == list.size())
		return result;
	for (;; ++at)
	{
		Name name{};
		skip_spaces();
		if (at < list.size() && list[at] == '"')
		{
			name.quoted = true;
			bool closed = false;
			for (++at; at < list.size() && !closed; ++at)
			{
				if (list[at] != '"')
					name.text += list[at];
				else if (at + 1 < list.size() && list[at + 1] == '"')
					name.text += list[at++];
				else
					closed = true;
			}
			result.well_formed = closed;
			skip_spaces();
		}
		else
		{
			while (at < list.size() && list[at] != ',' && list[at] != '"')
				name.text += list[at++];
			while (!name.text.empty() && IsSpace(name.text.back()))
				name.text.pop_back();
		}
		if (name.text.empty() || (at < list.size() && list[at] != ','))
			result.well_formed = false;
		if (!result.well_formed)
			return result;
		result.names.push_back(name);
		if (at == list.size())
			return result;
	}
}

bool Matches(const Name &pattern, const std::string &name)
{
	if (pattern.text.back() != '*')
		return pattern.text == name;
	return name.compare(0, pattern.text.size() - 1, pattern.text, 0, pattern.text.size() - 1) == 0;
}

std::string Quote(const std::string &text)
{
	std::string quoted = "\"";
	for (const char c : text)
		quoted += c == '"' ? "\"\"" : std::string(1, c);
	return quoted + "\"";
}

bool ListMatches(const std::string &list, const std::string &name)
{
	const ExactCopy list_copy(list);
	const ExactCopy name_copy(name);
	return psi::NameListMatches(list_copy.View(), name_copy.View());
}

void CheckMatches(const std::string &list, const NameList &expected, const std::string &name)
{
	bool matches = false;
	for (const Name &pattern : expected.names)
		matches = matches || Matches(pattern, name);
	Expect(ListMatches(list, name) == matches, "the names that match");
	if (!expected.well_formed)
		return;

	// The same list, every name in quotes; and each name by itself.
	std::string quoted;
	for (const Name &pattern : expected.names)
	{
		quoted += (quoted.empty() ? " " : " , ") + Quote(pattern.text);
		Expect(ListMatches(list, pattern.text), "a name matches itself");
		Expect(ListMatches(Quote(pattern.text), name) == Matches(pattern, name),
			   "one name by itself");
	}
	Expect(psi::IsNameList(ExactCopy(quoted).View()), "a list put in quotes is one");
	Expect(ListMatches(quoted, name) == matches, "a list put in quotes matches the same");
	if (!expected.names.empty())
		Expect(ListMatches(list + "," + quoted, name) == matches, "a list twice matches the same");
}

void CheckSet(const std::string &list, const NameList &expected)
{
	unsigned expected_bits = 0;
	bool known = true;
	for (const Name &name : expected.names)
	{
		std::string folded = name.text;
		for (char &c : folded)
			c = !name.quoted && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
		int found = -1;
		for (int i = 0; i < psi::operation_count; ++i)
		{
			if (folded == psi::operation_names[i])
				found = i;
		}
		if (found < 0)
		{
			known = false;
			break;
		}
		expected_bits |= 1u << found;
	}

	const ExactCopy copy(list);
	unsigned bits = ~0u;
	std::string_view unknown;
	const bool read =
		psi::ReadNameSet(copy.View(), psi::operation_names, psi::operation_count, bits, unknown);
	Expect(read == (known && expected.well_formed), "a set is read");
	Expect(bits == expected_bits, "the bits of a set");
	if (unknown.data() != nullptr)
		Expect(!known && unknown.data() >= copy.View().data() &&
				   unknown.data() + unknown.size() <= copy.View().data() + copy.View().size(),
			   "the unknown name stands in the list");
	else
		Expect(known, "an unknown name is told");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	const std::string all(reinterpret_cast<const char *>(data), size);
	const std::size_t split = all.find('\0');
	const std::string list = all.substr(0, split);
	const std::string name = split == std::string::npos ? "" : all.substr(split + 1);

	const NameList expected = Read(list);
	Expect(psi::IsNameList(ExactCopy(list).View()) == expected.well_formed, "well-formed or not");
	CheckMatches(list, expected, name);
	CheckMatches(list, expected, list);
	CheckSet(list, expected);
	return 0;
}
