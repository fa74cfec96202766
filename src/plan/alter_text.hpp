// alter_text: finds its way in the user's own text of ALTER TABLE.
//
// Text only, by way of the server's scanner (tokens): no catalogs, no locks.
#pragma once

#include "statement/request.hpp"

namespace psi
{

// One subcommand, as byte offsets in the text.
struct Subcommand
{
	int begin;
	int end; // behind its last word
};

struct AlterText
{
	bool found;       // false: this is not the text of such a command; the rest is void
	const char *text; // NUL-terminated
	int begin;        // the first word, comments before it left out
	int head_end;     // behind the table's name
	const Subcommand *subcommands;
	int count;
};

// `count`: how many subcommands there must be; a text that has another number is not this
// command's. Allocates.
AlterText FindAlterTable(const StatementText &statement, int count);

// The text of ADD COLUMN without those of the column's constraints that build an index. Allocates.
const char *ColumnWithoutIndexes(const AlterText &alter, const StatementText &statement,
								 int subcommand, const ColumnDef &column);

} // namespace psi
