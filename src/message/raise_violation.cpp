// raise_violation: one ereport() for all violations, with the same last sentence in the hint.
#include "message/raise_violation.hpp"

namespace psi
{

namespace
{

// What this session can do about a verdict. Allocates.
const char *OverrideHint(const Settings &settings)
{
	const Mode in_force = settings.ModeInForce();
	if (settings.minimum_mode == Mode::off)
		return in_force == Mode::warn
				   ? "To run it without this warning: SET pg_safe_index.mode = off."
				   : "To run it as it is: SET pg_safe_index.mode = off.";
	if (settings.minimum_mode < in_force)
		return psprintf(
			"To run it with a warning: SET pg_safe_index.mode = %s; pg_safe_index.minimum_mode forbids less.",
			NameOf(settings.minimum_mode));
	if (settings.mode < in_force)
		return psprintf(
			"pg_safe_index.mode is %s in this session, but pg_safe_index.minimum_mode = %s forbids less.",
			NameOf(settings.mode), NameOf(settings.minimum_mode));
	return psprintf("pg_safe_index.mode cannot override it: pg_safe_index.minimum_mode = %s.",
					NameOf(settings.minimum_mode));
}

} // namespace

const char *WholeHint(const Settings &settings, const ViolationParts &parts)
{
	StringInfoData hint;
	initStringInfo(&hint);
	appendStringInfoString(&hint, parts.hint);
	AppendLine(&hint, "%s", OverrideHint(settings));
	if (settings.help[0] != '\0')
		AppendLine(&hint, "%s", settings.help);
	return hint.data;
}

void RaiseViolation(const Settings &settings, const ViolationParts &parts)
{
	const bool refuse = settings.ModeInForce() >= Mode::error;
	// What can fail, or looks something up, is done before ereport() begins.
	const char *hint = WholeHint(settings, parts);
	const RelationName *table = parts.table;
	ereport(
		refuse ? ERROR : WARNING,
		(errcode(refuse ? ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE : ERRCODE_WARNING),
		 errmsg_internal("%s", parts.message), errdetail_internal("%s", parts.detail),
		 errhint("%s", hint),
		 table != nullptr ? err_generic_string(PG_DIAG_SCHEMA_NAME, table->schema) : 0,
		 table != nullptr ? err_generic_string(PG_DIAG_TABLE_NAME, table->name) : 0,
		 parts.index != nullptr ? err_generic_string(PG_DIAG_CONSTRAINT_NAME, parts.index) : 0));
}

void AppendLine(StringInfo out, const char *format, const char *text)
{
	if (text == nullptr)
		return;
	if (out->len > 0)
		appendStringInfoChar(out, '\n');
	appendStringInfo(out, format, text);
}

} // namespace psi
