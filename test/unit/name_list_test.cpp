// The syntax of pg_safe_index.exempt_applications: what is a list, and which names it matches.
#include "statement/name_list.hpp"

#include <gtest/gtest.h>

#include <string>

namespace psi
{

namespace
{

TEST(NameList, WellFormed)
{
	for (const char *list : {"", " ", "a", " a ", "a,b", "a , b", "a b", "*", "a*", "\"a\"",
							 "\"a,b\", c", "\"a\"\"b\"", "\"\"\"\"", "\" \"",
							 "citus_internal gpid=*", "\"citus_internal gpid=*\", psql"})
		EXPECT_TRUE(IsNameList(list)) << list;
}

TEST(NameList, Malformed)
{
	for (const char *list : {",", "a,", ",a", "a,,b", "a, ,b", "\"", "\"a", "a\"", "\"a\" b",
							 "a \"b\"", "\"\"", "\"a\"b\"", "\"\"\"", "\"a\",\"b"})
		EXPECT_FALSE(IsNameList(list)) << list;
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
		EXPECT_EQ(NameListMatches(row.list, row.name), row.matches)
			<< row.list << " / " << row.name;
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

// Whatever the list, neither function reads beyond it, and a malformed one matches no more than
// what stands before the fault. All strings of up to six characters from those that mean something.
TEST(NameList, AnyText)
{
	const std::string letters = "a\", *";
	for (int length = 0; length <= 6; ++length)
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
			const bool matches = NameListMatches(list, "none of these");
			if (list.find('*') == std::string::npos)
			{
				EXPECT_FALSE(matches) << list;
			}
			if (list.find('"') == std::string::npos && list.find(',') == std::string::npos)
			{
				EXPECT_TRUE(IsNameList(list)) << list;
			}
		}
	}
}

} // namespace

} // namespace psi
