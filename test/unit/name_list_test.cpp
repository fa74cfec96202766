// The syntax of pg_safe_index.exempt_applications: what is a list, and which names it matches.
#include "statement/name_list.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace psi
{

namespace
{

// The parsed form has its exact size, so that AddressSanitizer sees each byte beyond.
struct Parsed
{
	std::vector<char> bytes;
	bool well_formed;

	explicit Parsed(std::string_view list) : bytes(ParsedSize(list)), well_formed(IsNameList(list))
	{
		if (well_formed)
			ParseNameList(list, bytes.data());
	}
	bool Matches(std::string_view name) const
	{
		return MatchesNameList(bytes.data(), name);
	}
};

TEST(NameList, WellFormed)
{
	for (const char *list : {"", " ", "a", " a ", "a,b", "a , b", "a b", "*", "a*", "\"a\"",
							 "\"a,b\", c", "\"a\"\"b\"", "\"\"\"\"", "\" \"",
							 "citus_internal gpid=*", "\"citus_internal gpid=*\", psql"})
		EXPECT_TRUE(Parsed(list).well_formed) << list;
}

TEST(NameList, Malformed)
{
	for (const char *list : {",", "a,", ",a", "a,,b", "a, ,b", "\"", "\"a", "a\"", "\"a\" b",
							 "a \"b\"", "\"\"", "\"a\"b\"", "\"\"\"", "\"a\",\"b"})
		EXPECT_FALSE(Parsed(list).well_formed) << list;
}

struct Row
{
	const char *list;
	const char *name;
	bool matches;
};

TEST(NameList, Matches)
{
	const Row rows[] = {
		{"", "", false},
		{"", "psql", false},
		{"psql", "psql", true},
		{"psql", "PSQL", false},
		{"psql", "psq", false},
		{"psql", "psql2", false},
		{"psql", "", false},
		{" a ,  psql ", "psql", true},
		{"a,b,c", "b", true},
		{"a,b,c", "a,b", false},
		{"my app", "my app", true},
		{"psql*", "psql", true},
		{"psql*", "psql 17", true},
		{"psql*", "psq", false},
		{"*", "", true},
		{"*", "anything", true},
		{"a*b", "a*b", true},
		{"a*b", "axb", false},
		{"a**", "a*", true},
		{"a**", "a", false},
		{"\"a,b\"", "a,b", true},
		{"\"a,b\"", "a", false},
		{"\"say \"\"hi\"\"\"", "say \"hi\"", true},
		{"\"a\"\"*\"", "a\"z", true},
		{"\" a\"", " a", true},
		{"\" a\"", "a", false},
		{"\"citus_internal gpid=*\", pg_restore", "citus_internal gpid=10000", true},
		{"\"citus_internal gpid=*\", pg_restore", "pg_restore", true},
		{"caf\xc3\xa9", "caf\xc3\xa9", true},
	};
	for (const Row &row : rows)
		EXPECT_EQ(Parsed(row.list).Matches(row.name), row.matches) << row.list << " / " << row.name;
}

TEST(NameList, NameSet)
{
	const std::string_view names[] = {"one", "two", "three"};
	const auto read = [&names](std::string_view list, unsigned &bits, std::string_view &unknown)
	{ return ReadNameSet(list, names, 3, bits, unknown); };
	const struct
	{
		const char *list;
		bool good;
		unsigned bits;
		const char *unknown;
	} rows[] = {
		{"", true, 0, ""},
		{" ", true, 0, ""},
		{"one", true, 1, ""},
		{"three , ONE", true, 5, ""},
		{"two,two", true, 2, ""},
		{"\"two\"", true, 2, ""},
		{"\"Two\"", false, 0, "Two"},
		{"four", false, 0, "four"},
		{"one, four five ,two", false, 1, "four five"},
		{"on", false, 0, "on"},
		{"ones", false, 0, "ones"},
		{"one,", false, 1, ""},
		{"one,,two", false, 1, ""},
		{"*", false, 0, "*"},
	};
	for (const auto &row : rows)
	{
		SCOPED_TRACE(row.list);
		unsigned bits = 99;
		std::string_view unknown;
		EXPECT_EQ(read(row.list, bits, unknown), row.good);
		EXPECT_EQ(bits, row.bits);
		EXPECT_EQ(unknown, row.unknown);
	}
}

// The same syntax once more, read in another way: character by character, with copies and strings.
struct Name
{
	std::string text;
	bool quoted;
};

struct Names
{
	std::vector<Name> names; // those before the fault, if there is one
	bool well_formed = true;
};

bool IsSpace(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

// Character by character, one state after the other.
Names Read(const std::string &list)
{
	Names result;
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

// All strings of up to seven characters from those that mean something, against the second reader.
TEST(NameList, EveryShortList)
{
	const std::string letters = "a\", *";
	const std::string_view names[] = {"", "a", "aa", "a*", "*", ",", "\"", " ", "a,a", "b"};
	int well_formed = 0;
	for (int length = 0; length <= 7; ++length)
	{
		int count = 1;
		for (int i = 0; i < length; ++i)
			count *= static_cast<int>(letters.size());
		for (int number = 0; number < count; ++number)
		{
			std::string list;
			for (int i = 0, rest = number; i < length;
				 ++i, rest /= static_cast<int>(letters.size()))
				list += letters[rest % letters.size()];
			// A copy of the exact size: nothing may be read behind it.
			const std::vector<char> exact(list.begin(), list.end());
			const Parsed parsed(std::string_view(exact.data(), exact.size()));
			const Names expected = Read(list);
			ASSERT_EQ(parsed.well_formed, expected.well_formed) << list;
			if (!parsed.well_formed)
				continue;
			++well_formed;
			for (const std::string_view name : names)
			{
				bool matches = false;
				for (const Name &pattern : expected.names)
					matches = matches || Matches(pattern, std::string(name));
				ASSERT_EQ(parsed.Matches(name), matches) << list << " / " << name;
			}
		}
	}
	EXPECT_GT(well_formed, 1000);
}

} // namespace

} // namespace psi
