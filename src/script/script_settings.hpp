// script_settings: SET in a script, as far as a verdict depends on it: search_path, role and the
// settings of pg_safe_index.
//
// The values are really set, so that names, rights and settings are looked up as they would be, and
// are taken back at the end: by EndSettings(), or by the abort of the transaction.
#pragma once

#include "script/state.hpp"

namespace psi
{

constexpr int followed_settings = 6;

struct ScriptSettings
{
	int level = 0;                          // of GUC nesting
	const char *initial[followed_settings]; // before the script
	const char *applied[followed_settings];
};

// Begins, with the mode "error". Allocates.
ScriptSettings BeginSettings();
void EndSettings(const ScriptSettings &settings);

// Follows SET and RESET.
void Set(ScriptSettings &settings, State &state, const VariableSetStmt &set);

// Follows set_config() with these arguments.
void SetConfig(ScriptSettings &settings, State &state, const char *name, const char *value,
			   bool local);

// Sets what is in force again after a COMMIT or a rollback has changed that. SET LOCAL ends with
// the transaction.
void EndLocalSettings(State &state);
void Reapply(ScriptSettings &settings, const State &state);

// Do the options of BEGIN or SET TRANSACTION make the transaction read-only, or may they?
bool MayBeReadOnly(const List *options);

} // namespace psi
