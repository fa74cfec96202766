// partition_check: the CHECK constraint that saves ATTACH PARTITION from reading the table.
//
// ATTACH PARTITION reads the whole table under ACCESS EXCLUSIVE to see that every row belongs into
// the partition, unless valid constraints of the table prove it. Reads the catalogs. Opens both
// tables only under locks that this transaction holds or gets at once, and releases those. Raises
// what PostgreSQL raises for a bound that it refuses.
#pragma once

#include "catalog/judgment.hpp"

namespace psi
{

struct PartitionCheck
{
	const char *condition = nullptr; // for CHECK (...); null: there is nothing to prove
	bool unknown = false;            // it cannot be told what is to be proved
	bool reads_default = false;      // the default partition of the parent is read as well
};

// What is to be proved about the rows of the target, which the request attaches. `query` is what
// errors point into. Allocates.
PartitionCheck FindPartitionCheck(const Judgment &judgment, const char *query);

} // namespace psi
