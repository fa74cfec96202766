// recheck: the second check of a command that passed, when it creates an index.
//
// The first check comes before the command has its lock. While CREATE INDEX waits for another
// session, that session can attach a partition to a partitioned table that had none, add the column
// that was missing, or drop the table so that the name refers to another one.
//
// The second check comes under the command's own locks, when the rows of the index are in the
// catalogs and the index is not built yet (see catalog/index_creation.hpp). It reads the system
// caches and takes no lock that it would have to wait for.
#pragma once

#include "catalog/judgment.hpp"
#include "pg/face.h"

namespace psi
{

// A request that passed and can create an index, though perhaps it has none to build, or PostgreSQL
// would refuse it, as the catalogs are before the command has its lock. Nothing if there is none.
std::optional<Request> FindPassed(const Judgments &judgments);

// Runs such a command. When it is about to build an index, and that is a violation, reports it with
// ReportLate(): in mode warn the command continues, in modes error and rewrite it ends with that
// ERROR.
void RunAndRecheck(const psi_call &call, const Request &request, const Settings &settings);

} // namespace psi
