// target_commands: one function for each operation. For this folder only.
//
// A source file target_*.cpp for each family of commands follows the rules by which PostgreSQL
// itself finds, locks and refuses what such a command names. See find_target.hpp for what these
// functions read and raise; all of them allocate in the current memory context.
#pragma once

#include "catalog/table_description.hpp"

namespace psi
{

Target LookAtCreateIndex(const Request &request, const Circumstances &circumstances);
Target LookAtDropIndex(const Request &request, const Circumstances &circumstances);
Target LookAtDropCascade(const Request &request, const Circumstances &circumstances);
Target LookAtReindex(const Request &request, const Circumstances &circumstances);
Target LookAtMoveIndex(const Request &request, const Circumstances &circumstances);
Target LookAtAddConstraint(const Request &request, const Circumstances &circumstances);
Target LookAtAttachPartition(const Request &request, const Circumstances &circumstances);

} // namespace psi
