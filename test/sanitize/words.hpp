// words: changes to a text by words rather than by bytes, so that enough of what comes of it is
// still SQL.
#pragma once

#include <algorithm>
#include <cctype>
#include <random>
#include <string>
#include <vector>

class Random
{
  public:
	explicit Random(unsigned seed) : engine(seed)
	{
	}
	unsigned Below(std::size_t count)
	{
		return static_cast<unsigned>(engine() % count);
	}

  private:
	std::minstd_rand engine;
};

// What stands in the grammar of our commands, and what makes text hard to read: comments, quotes of
// all kinds.
constexpr const char *words[] = {"int UNIQUE",
								 "UNIQUE DEFERRABLE",
								 "PRIMARY KEY INITIALLY DEFERRED",
								 "DEFAULT ARRAY[1, 2]",
								 "COLLATE \"C\"",
								 ", ADD COLUMN c text UNIQUE",
								 ", ADD UNIQUE (b)",
								 "(VERBOSE off, CONCURRENTLY off)",
								 "CREATE",
								 "UNIQUE",
								 "INDEX",
								 "CONCURRENTLY",
								 "IF NOT EXISTS",
								 "ON",
								 "ONLY",
								 "USING",
								 "btree",
								 "gist",
								 "(",
								 ")",
								 "[",
								 "]",
								 ",",
								 ".",
								 ";",
								 "*",
								 "+",
								 "::",
								 "=",
								 "&&",
								 "INCLUDE",
								 "NULLS NOT DISTINCT",
								 "NULLS FIRST",
								 "NULLS LAST",
								 "ASC",
								 "DESC",
								 "COLLATE",
								 "\"C\"",
								 "WITH",
								 "(fillfactor = 70)",
								 "TABLESPACE",
								 "WHERE",
								 "DROP",
								 "IF EXISTS",
								 "CASCADE",
								 "RESTRICT",
								 "REINDEX",
								 "TABLE",
								 "SCHEMA",
								 "DATABASE",
								 "SYSTEM",
								 "VERBOSE",
								 "CONCURRENTLY off",
								 "(VERBOSE, TABLESPACE s)",
								 "ALTER",
								 "ADD",
								 "COLUMN",
								 "CONSTRAINT",
								 "PRIMARY KEY",
								 "EXCLUDE",
								 "CHECK",
								 "FOREIGN KEY",
								 "REFERENCES",
								 "DEFAULT",
								 "NOT NULL",
								 "GENERATED ALWAYS AS",
								 "IDENTITY",
								 "STORED",
								 "DEFERRABLE",
								 "NOT DEFERRABLE",
								 "INITIALLY DEFERRED",
								 "INITIALLY IMMEDIATE",
								 "NOT VALID",
								 "NO INHERIT",
								 "USING INDEX",
								 "ATTACH PARTITION",
								 "FOR VALUES FROM (1) TO (2)",
								 "FOR VALUES IN (1, 2)",
								 "SET",
								 "SET TABLESPACE",
								 "ALL IN TABLESPACE",
								 "OWNED BY",
								 "NOWAIT",
								 "OWNER TO",
								 "RENAME",
								 "int",
								 "numeric(3, 2)",
								 "text[]",
								 "a",
								 "b",
								 "t",
								 "t.a",
								 "s.t",
								 "s.t.a",
								 "t.*",
								 "(t).a",
								 "t.a[1]",
								 "t.a[1:2].b",
								 "lower(a)",
								 "(lower(t.a) || 'x')",
								 "CASE WHEN a THEN b END",
								 "CAST (a AS int)",
								 "ARRAY[t.a, 1]",
								 "ROW(t.a, t)",
								 "(SELECT t.a FROM t)",
								 "a IN (1, t.b)",
								 "a IS NULL",
								 "a BETWEEN 1 AND t.b",
								 "NOT",
								 "AND",
								 "OR",
								 "AT TIME ZONE",
								 "OVERLAPS",
								 "extract(year from t.a)",
								 "substring(t.a from 1 for 2)",
								 "trim(both from t.a)",
								 "xmlelement(name x, t.a)",
								 "GREATEST(t.a, 2)",
								 "f(x => t.a)",
								 "f(DISTINCT t.a ORDER BY t.b)",
								 "f(a) FILTER (WHERE t.b) OVER (PARTITION BY t.a)",
								 "GROUPING(t.a)",
								 "CURRENT_DATE",
								 "OPERATOR(pg_catalog.+)",
								 "SETOF int",
								 "-- x\n",
								 "/* x */",
								 "/* /* */ */",
								 "'x'",
								 "''''",
								 "'\\'",
								 "E'\\''",
								 "E'\\\\'",
								 "$$;$$",
								 "$x$'$x$",
								 "B'1'",
								 "X'f'",
								 "N'x'",
								 "U&'\\0061'",
								 "U&'!0061' UESCAPE '!'",
								 "U&\"d!0061ta\" UESCAPE '!'",
								 "\"a\"\"b\"",
								 "\"on\"",
								 "\"A b\"",
								 "'a'\n'b'",
								 "\xc3\xa4",
								 "$1",
								 "1.5e3",
								 "0x1f",
								 "-1",
								 "\n",
								 "\t",
								 "?",
								 "@",
								 "<>",
								 "=>",
								 ":=",
								 "..",
								 "SELECT 1;",
								 "uescape",
								 "index",
								 "using",
								 "exists",
								 "concurrently"};

// A word, a quoted string without quotes in it, a run of white space, or one other character.
inline std::vector<std::string> Split(const std::string &text)
{
	const auto in_word = [](char c)
	{ return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
	const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
	std::vector<std::string> parts;
	for (std::size_t at = 0; at < text.size();)
	{
		std::size_t end = at + 1;
		if (in_word(text[at]))
			end = static_cast<std::size_t>(
				std::find_if_not(text.begin() + static_cast<long>(at), text.end(), in_word) -
				text.begin());
		else if (is_space(text[at]))
			end = static_cast<std::size_t>(
				std::find_if_not(text.begin() + static_cast<long>(at), text.end(), is_space) -
				text.begin());
		else if ((text[at] == '"' || text[at] == '\'') &&
				 text.find(text[at], end) != std::string::npos)
			end = text.find(text[at], end) + 1;
		parts.push_back(text.substr(at, end - at));
		at = end;
	}
	return parts;
}

inline std::string JoinParts(const std::vector<std::string> &parts)
{
	std::string text;
	for (const std::string &part : parts)
		text += part;
	return text;
}

inline std::string ChangeWords(const std::string &text, Random &random)
{
	std::vector<std::string> parts = Split(text);
	const std::size_t at = random.Below(parts.size() + 1);
	const auto place = parts.begin() + static_cast<long>(at);
	const auto new_word = [&]
	{ return " " + std::string(words[random.Below(std::size(words))]) + " "; };
	// As far as the third part behind.
	const auto end =
		parts.begin() + static_cast<long>(std::min(parts.size(), at + 1 + random.Below(5)));
	switch (random.Below(6))
	{
	case 0:
	case 1:
		parts.insert(place, new_word());
		break;
	case 2:
		if (place != parts.end())
			*place = new_word();
		break;
	case 3:
		if (place != parts.end())
			parts.erase(place, end);
		break;
	case 4: // again, somewhere else
	{
		const std::vector<std::string> some(place, std::max(place, end));
		parts.insert(parts.begin() + random.Below(parts.size() + 1), some.begin(), some.end());
		break;
	}
	default:
		if (place != parts.end())
			std::swap(*place, parts[random.Below(parts.size())]);
		break;
	}
	return JoinParts(parts);
}

// Some words of one text in another.
inline std::string CrossWords(const std::string &text, const std::string &other, Random &random)
{
	std::vector<std::string> parts = Split(text);
	const std::vector<std::string> others = Split(other);
	const std::size_t begin = random.Below(others.size() + 1);
	const std::size_t end = std::min(others.size(), begin + 1 + random.Below(12));
	parts.insert(parts.begin() + random.Below(parts.size() + 1),
				 others.begin() + static_cast<long>(begin),
				 others.begin() + static_cast<long>(std::max(begin, end)));
	return JoinParts(parts);
}
