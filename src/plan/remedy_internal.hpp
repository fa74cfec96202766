// remedy_internal: what the files that make remedies share. For this folder only.
#pragma once

#include "pg/array.hpp"
#include "plan/index_build.hpp"
#include "plan/remedy.hpp"

namespace psi
{

constexpr const char *no_concurrent_exclusion =
	"PostgreSQL cannot build the index of an exclusion constraint, nor one WITHOUT OVERLAPS, concurrently.";

// The remedies for each kind of command. Each has the contract of FindRemedy().
Remedy ForCreateOnPartitions(const Judgment &judgment, const char *query);
Remedy ForDropIndex(const Judgments &judgments, const StatementText &statement, int most);
Remedy ForReindex(const Judgment &judgment, const StatementText &statement);
Remedy ForMoveIndex(const Judgments &judgments, const StatementText &statement);
Remedy ForAddConstraint(const Judgments &judgments, const StatementText &statement, int most);
Remedy ForAttachPartition(const Judgment &judgment, const StatementText &statement,
						  const char *query, int most);

// There is no safe form, or it cannot be written now; the remark says why. Allocates nothing.
inline Remedy NoSteps(const char *remark)
{
	return {{}, remark};
}

// Adds the commands that build an index on the target's table, or on all its partitions. The names
// of the new indexes are given by then. Allocates.
void BuildIndex(Steps &steps, const Target &target, const IndexPlan &plan, GivenNames &given);

} // namespace psi
