// settings: the settings in force for a statement, and whether this session is checked at all.
//
// Reads the state of the backend only: no catalogs, no locks. Raises nothing.
#pragma once

#include "pg/face.h"
#include "pg/postgres.hpp"
#include "policy/policy.hpp"

namespace psi
{

// The settings as the policy takes them. `exempt` is set where nothing is checked: in a binary
// upgrade, in single-user mode, in the script of an extension, for an exempt application; and where
// PostgreSQL refuses the command before it takes a lock: on a standby, and in a read-only
// transaction all but REINDEX (ClassifyUtilityCommandAsReadOnly()).
Settings SettingsInForce(const psi_settings &settings, const Node &statement);

// Would PostgreSQL refuse CONCURRENTLY here: inside a transaction block, in a string of several
// statements, in a function? `context` is a ProcessUtilityContext.
bool InTransactionBlock(int context);

} // namespace psi
