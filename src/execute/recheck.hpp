// late_build: what had nothing to build when it was looked at, and may have when it gets its lock.
//
// The guard looks before the lock. While CREATE INDEX waits for another session, that can attach a
// partition to the partitioned table, which had none, or drop the table so that the name leads to
// another one.
#pragma once

#include "catalog/judgment.hpp"
#include "pg/face.h"

namespace psi
{

// The request that passed since there is nothing to build, or the name is taken, as it looks before
// the command has its lock; nothing if there is none.
std::optional<Request> FindUnbuilt(const Judgments &judgments);

// Runs a command that passed since it would build nothing. If it is about to build an index on a
// table that others can see, it is reported before that begins; in mode warn it goes on.
void RunUnbuilt(const psi_call &call, const Request &request, const Settings &settings);

} // namespace psi
