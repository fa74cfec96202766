// report: message, detail and hint, after PostgreSQL's message style guide.
#include "report.hpp"

#include "remedy.hpp"

namespace psi
{

namespace
{

const char *ModeName(Mode mode)
{
	switch (mode)
	{
	case Mode::off:
		return "off";
	case Mode::warn:
		return "warn";
	case Mode::error:
		return "error";
	}
	return "?";
}

const char *KindName(TableKind kind)
{
	switch (kind)
	{
	case TableKind::table:
		return "table";
	case TableKind::materialized_view:
		return "materialized view";
	case TableKind::partitioned_table:
		return "partitioned table";
	}
	return "?";
}

// What differs from operation to operation.
struct Wording
{
	const char *command;
	const char *blocks;
	const char *mode;
	const char *django;
	const char *rails;
	const char *alembic;
};

constexpr Wording create_index_wording{"CREATE INDEX",         "writes to", "SHARE",
									   "AddIndexConcurrently", "add_index", "op.create_index"};
constexpr Wording drop_index_wording{"DROP INDEX",       "reads and writes of",
									 "ACCESS EXCLUSIVE", "RemoveIndexConcurrently",
									 "remove_index",     "op.drop_index"};

const Wording &WordingOf(Operation operation)
{
	return operation == Operation::create_index ? create_index_wording : drop_index_wording;
}

const char *SizeText(const TableFacts &facts)
{
	if (!facts.size.has_value())
		return "";
	return psprintf(" (%s)", text_to_cstring(DatumGetTextPP(
								 DirectFunctionCall1(pg_size_pretty, Int64GetDatum(*facts.size)))));
}

const char *Detail(const Findings &findings, bool in_block)
{
	const Finding &first = findings.FirstViolation();
	const TableFacts &facts = first.target.facts;
	StringInfoData detail;
	initStringInfo(&detail);

	if (facts.kind == TableKind::partitioned_table && facts.leaves > 0)
		appendStringInfo(&detail, "The table and %d leaf partition%s", facts.leaves,
						 facts.leaves == 1 ? "" : "s");
	else if (facts.kind == TableKind::partitioned_table)
		appendStringInfoString(&detail, "The table");
	else
		appendStringInfo(&detail, "The %s%s", KindName(facts.kind), SizeText(facts));
	appendStringInfo(&detail, " would be locked in %s mode",
					 WordingOf(first.request.operation).mode);

	if (in_block)
		appendStringInfoString(&detail, " until the end of the transaction.");
	else if (first.request.operation == Operation::create_index)
		appendStringInfoString(&detail, facts.kind == TableKind::partitioned_table
											? " until the index is built on all of them."
											: " until the index is built.");
	else
		appendStringInfoString(
			&detail, ", and others would queue behind the command while it waits for that lock.");

	const int others = findings.violations - 1;
	if (others > 0)
		appendStringInfo(&detail, " So would the table%s of %d more index%s in this command.",
						 others == 1 ? "" : "s", others, others == 1 ? "" : "es");
	return detail.data;
}

// What this session can do about it: always the last sentence of the hint.
const char *Override(const Settings &settings)
{
	const Mode in_force = settings.ModeInForce();
	if (settings.minimum_mode == Mode::off)
		return in_force == Mode::warn
				   ? "To run it without this warning: SET pg_safe_index.mode = off."
				   : "To run it as it is: SET pg_safe_index.mode = off.";
	if (settings.minimum_mode < in_force)
		return psprintf("To run it with a warning: SET pg_safe_index.mode = %s; "
						"pg_safe_index.minimum_mode forbids less.",
						ModeName(settings.minimum_mode));
	if (settings.mode < in_force)
		return psprintf(
			"pg_safe_index.mode is %s in this session, but pg_safe_index.minimum_mode = %s "
			"forbids less.",
			ModeName(settings.mode), ModeName(settings.minimum_mode));
	return psprintf("This session cannot override it: pg_safe_index.minimum_mode = %s.",
					ModeName(settings.minimum_mode));
}

const char *Hint(const Findings &findings, const StatementText &statement, const char *query,
				 const Settings &settings, bool in_block)
{
	const Remedy remedy = FindRemedy(findings, statement, query);
	const Wording &wording = WordingOf(findings.FirstViolation().request.operation);
	StringInfoData hint;
	initStringInfo(&hint);

	if (remedy.commands != nullptr)
	{
		if (in_block)
			appendStringInfo(
				&hint,
				"%s CONCURRENTLY cannot run inside a transaction block, a function or a string of "
				"several statements. Django: atomic = False and %s. Rails: "
				"disable_ddl_transaction! and %s with algorithm: :concurrently. Alembic: "
				"autocommit_block() and %s with postgresql_concurrently=True.\n",
				wording.command, wording.django, wording.rails, wording.alembic);
		appendStringInfo(
			&hint, "%s%s\n",
			remedy.command_count > 1 ? "Use, one command at a time:\n" : "Use: ", remedy.commands);
	}
	if (remedy.remark != nullptr)
		appendStringInfo(&hint, "%s\n", remedy.remark);
	appendStringInfoString(&hint, Override(settings));
	return hint.data;
}

} // namespace

void Report(const Findings &findings, const StatementText &statement, const char *query,
			const Settings &settings, bool in_block)
{
	const Finding &first = findings.FirstViolation();
	const Wording &wording = WordingOf(first.request.operation);
	const Target &target = first.target;
	const bool refuse = settings.ModeInForce() == Mode::error;
	const char *index =
		first.request.create != nullptr ? first.request.create->idxname : target.index.name;

	// All that can fail or look something up comes before ereport() has begun.
	const char *detail = Detail(findings, in_block);
	const char *hint = Hint(findings, statement, query, settings, in_block);
	const char *table = target.table.Shown();

	ereport(refuse ? ERROR : WARNING,
			(errcode(refuse ? ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE : ERRCODE_WARNING),
			 errmsg("%s without CONCURRENTLY would block %s %s \"%s\"", wording.command,
					wording.blocks, KindName(target.facts.kind), table),
			 errdetail_internal("%s", detail), errhint("%s", hint),
			 err_generic_string(PG_DIAG_SCHEMA_NAME, target.table.schema),
			 err_generic_string(PG_DIAG_TABLE_NAME, target.table.name),
			 index != nullptr ? err_generic_string(PG_DIAG_CONSTRAINT_NAME, index) : 0));
}

} // namespace psi
