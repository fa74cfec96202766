// raise_violation: one ereport() for all violations, with the same last line in the hint.
#include "message/raise_violation.hpp"

namespace psi
{

const char *WholeHint(const Settings &settings, const ViolationParts &parts)
{
	StringInfoData hint;
	initStringInfo(&hint);
	appendStringInfoString(&hint, parts.hint);
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
