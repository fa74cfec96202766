// target_parts: what the files of the room target share; for them only. A file for each family of
// commands holds the rules by which PostgreSQL itself finds, locks and refuses what they name.
#pragma once

#include "catalog/target.hpp"

namespace psi
{

// The OID behind a name, or InvalidOid. No lock.
Oid Resolve(const RangeVar &name);

// Fills in what is reached through the target, and the facts that follow.
void TakeSet(const RelationSet &set, Target &target);

// Fills in what every operation wants to know of a table. `only`: its partitions do not matter.
void DescribeTable(const ClassRow &table, bool only, const Circumstances &circumstances,
				   Target &target);

Target LookAtCreateIndex(const Request &request, const Circumstances &circumstances);
Target LookAtDropIndex(const Request &request, const Circumstances &circumstances);
Target LookAtReindex(const Request &request, const Circumstances &circumstances);
Target LookAtMoveIndex(const Request &request, const Circumstances &circumstances);
Target LookAtAddConstraint(const Request &request, const Circumstances &circumstances);
Target LookAtAttachPartition(const Request &request, const Circumstances &circumstances);

} // namespace psi
