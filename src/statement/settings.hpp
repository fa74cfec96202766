// session: the settings in force for a statement, and whether this session is looked at at all.
//
// Reads state of the backend only: no catalogs, no locks, raises nothing.
#pragma once

#include "pg/face.h"
#include "policy/policy.hpp"

namespace psi
{

// The settings as policy takes them. `exempt` is set where the guard has no say: binary upgrade,
// single-user mode, the script of an extension, an exempt application; and where PostgreSQL refuses
// every index command before it takes a lock (a standby, a read-only transaction).
Settings SettingsInForce(const psi_settings &settings);

// Would CONCURRENTLY be refused here: inside a transaction block, an implicit one, a function?
// `context` is a ProcessUtilityContext.
bool InTransactionBlock(int context);

} // namespace psi
