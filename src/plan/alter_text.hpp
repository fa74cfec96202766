// alter_text: finds its way in the user's own text of ALTER TABLE or ALTER INDEX.
//
// Reads the text with the server's scanner, and no catalogs. Takes no locks. Raises nothing but out
// of memory and a cancel; a text that the scanner refuses counts as not found.
#pragma once

#include "pg/array.hpp"
#include "statement/request.hpp"

namespace psi
{

// One subcommand, as byte offsets in the text.
struct Subcommand
{
	int begin;
	int end; // after its last word
};

struct AlterText
{
	bool found = false; // false: the text is not that of such a command; the other fields are void
	const char *text = nullptr; // NUL-terminated
	int begin = 0;              // the first word, after any comments
	int head_end = 0;           // after the table's name
	Array<Subcommand> subcommands;
};

// `count` is the number of subcommands in the tree. A text with another number does not belong to
// it. Allocates.
AlterText FindAlterTable(const StatementText &statement, int count);

// The text of the ADD COLUMN at position `subcommand`, without those of the column's constraints
// that build an index. If one of them is the primary key, the column is NOT NULL. Allocates.
const char *ColumnWithoutIndexes(const AlterText &alter, const StatementText &statement,
								 int subcommand, const ColumnDef &column);

} // namespace psi
