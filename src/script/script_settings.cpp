// script_settings: each value is written to the ledger, so that a rollback takes it back.
#include "script/script_settings.hpp"

#include "pg/list.hpp"
#include "script/attempt.hpp"

namespace psi
{

namespace
{

// The role comes first: the right to set the others may depend on it.
constexpr const char *names[followed_settings] = {"role",
												  "search_path",
												  "pg_safe_index.mode",
												  "pg_safe_index.minimum_mode",
												  "pg_safe_index.min_table_size",
												  "pg_safe_index.operations"};
constexpr const char *mode_name = "pg_safe_index.mode";

// What changes the meaning of the rest of the script, and is not followed.
constexpr const char *not_followed[] = {"session_authorization", "standard_conforming_strings",
										"backslash_quote",       "default_transaction_read_only",
										"transaction_read_only", "allow_system_table_mods"};

int NumberOf(const char *name)
{
	for (int i = 0; i < followed_settings; ++i)
	{
		if (pg_strcasecmp(names[i], name) == 0)
			return i;
	}
	return -1;
}

bool IsNotFollowed(const char *name)
{
	for (const char *each : not_followed)
	{
		if (pg_strcasecmp(each, name) == 0)
			return true;
	}
	return false;
}

// Does the server have this value of the setting? pg_dump writes one that it always has.
bool IsInForce(const char *name, const char *value)
{
	const char *present = GetConfigOption(name, true, false);
	if (present == nullptr || value == nullptr)
		return false;
	bool wanted = false;
	bool is = false;
	if (parse_bool(value, &wanted) && parse_bool(present, &is))
		return wanted == is;
	return pg_strcasecmp(present, value) == 0;
}

Key KeyOf(int number, bool local)
{
	return MakeKey(Space::setting, local ? 1 : 0, names[number]);
}

const char *InForce(const ScriptSettings &settings, const State &state, int number)
{
	const auto *value = state.ledger.Find<const char *>(KeyOf(number, true));
	if (value == nullptr)
		value = state.ledger.Find<const char *>(KeyOf(number, false));
	return value != nullptr ? *value : settings.initial[number];
}

// Returns false if the server refuses the value.
bool Assign(ScriptSettings &settings, int number, const char *value, GucContext context)
{
	if (strcmp(settings.applied[number], value) == 0)
		return true;
	// A refusal is a message for the server's log at most.
	if (set_config_option(names[number], value, context, PGC_S_SESSION, GUC_ACTION_SET, true,
						  DEBUG5, false) == 0)
		return false;
	settings.applied[number] = value;
	return true;
}

void SetNumber(ScriptSettings &settings, State &state, int number, const char *value, bool local)
{
	// Outside a transaction block, SET LOCAL has no effect.
	if (local && !state.in_block)
		return;
	value = state.ledger.Keep(value);
	if (!Assign(settings, number, value, superuser() ? PGC_SUSET : PGC_USERSET))
	{
		// The server refuses the command, and what the script means after that is not known.
		state.Add(Doubt::session);
		return;
	}
	state.ledger.Put(KeyOf(number, local), value);
	if (!local)
		state.ledger.Forget(KeyOf(number, true));
}

// The value that RESET gives. The verdicts are those of mode error wherever the script does not say
// otherwise.
const char *ResetValue(int number)
{
	if (strcmp(names[number], mode_name) == 0)
		return "error";
	const char *value = GetConfigOptionResetString(names[number]);
	return value != nullptr ? value : "";
}

void ResetAll(ScriptSettings &settings, State &state)
{
	// RESET ALL leaves the role, the first one, as it is.
	for (int number = 1; number < followed_settings; ++number)
		SetNumber(settings, state, number, ResetValue(number), false);
}

} // namespace

ScriptSettings BeginSettings()
{
	ScriptSettings settings;
	settings.level = NewGUCNestLevel();
	for (int number = 0; number < followed_settings; ++number)
	{
		const char *value = GetConfigOption(names[number], false, false);
		settings.initial[number] = settings.applied[number] =
			pstrdup(value != nullptr ? value : "");
		if (strcmp(names[number], mode_name) == 0)
		{
			settings.initial[number] = "error";
			Assign(settings, number, "error", PGC_SUSET);
		}
	}
	return settings;
}

void EndSettings(const ScriptSettings &settings)
{
	AtEOXact_GUC(false, settings.level);
}

void SetConfig(ScriptSettings &settings, State &state, const char *name, const char *value,
			   bool local)
{
	const int number = NumberOf(name);
	if (number >= 0)
		SetNumber(settings, state, number, value, local);
	else if (IsNotFollowed(name) && !IsInForce(name, value))
		state.Add(Doubt::session);
}

void Set(ScriptSettings &settings, State &state, const VariableSetStmt &set)
{
	if (set.kind == VAR_RESET_ALL)
		ResetAll(settings, state);
	else if (set.kind == VAR_SET_MULTI)
	{
		// SET TRANSACTION does nothing outside a block.
		const bool one = strcmp(set.name, "TRANSACTION") == 0;
		if (MayBeReadOnly(set.args) && (!one || state.in_block))
			state.Add(one ? Doubt::read_only : Doubt::session);
	}
	else if ((NumberOf(set.name) >= 0 || IsNotFollowed(set.name)) && set.kind == VAR_SET_VALUE)
	{
		const char *value = nullptr;
		const auto extract = [&]
		{ value = ExtractSetVariableArgs(const_cast<VariableSetStmt *>(&set)); };
		// The server refuses a list where one value is wanted.
		if (Attempt(extract) == nullptr)
			SetConfig(settings, state, set.name, value, set.is_local);
		else
			state.Add(Doubt::session);
	}
	else if (NumberOf(set.name) >= 0 && set.kind != VAR_SET_CURRENT)
		SetNumber(settings, state, NumberOf(set.name), ResetValue(NumberOf(set.name)),
				  set.is_local);
	else if (IsNotFollowed(set.name) && set.kind != VAR_SET_CURRENT &&
			 !IsInForce(set.name, GetConfigOptionResetString(set.name)))
		state.Add(Doubt::session);
}

void EndLocalSettings(State &state)
{
	for (int number = 0; number < followed_settings; ++number)
		state.ledger.Forget(KeyOf(number, true));
}

void Reapply(ScriptSettings &settings, const State &state)
{
	for (int number = 0; number < followed_settings; ++number)
		Assign(settings, number, InForce(settings, state, number), PGC_SUSET);
}

bool MayBeReadOnly(const List *options)
{
	for (const DefElem *option : Each<DefElem>(options))
	{
		const auto *value = option->arg != nullptr ? IfA<A_Const>(option->arg) : nullptr;
		const bool off =
			value != nullptr && nodeTag(&value->val) == T_Integer && value->val.ival.ival == 0;
		if (strcmp(option->defname, "transaction_read_only") == 0 && !off)
			return true;
	}
	return false;
}

} // namespace psi
