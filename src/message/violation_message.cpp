// report: message, detail and hint, after PostgreSQL's message style guide.
#include "message/violation_message.hpp"

#include "message/build_message.hpp"
#include "plan/remedy.hpp"
#include "message/override_hint.hpp"
#include "stats/stats.hpp"

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
	case Mode::rewrite:
		return "rewrite";
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
	case TableKind::schema:
		return "schema";
	case TableKind::database:
		return "database";
	case TableKind::tablespace:
		return "tablespace";
	}
	return "?";
}

// What differs from operation to operation.
struct Wording
{
	const char *command;    // as the message calls it
	const char *blocks;     // what it does to the table
	const char *concurrent; // what cannot run inside a transaction block
	const char *frameworks; // how the common tools leave it
};

constexpr Wording wordings[operation_count] = {
	{"CREATE INDEX without CONCURRENTLY", "writes to", "CREATE INDEX CONCURRENTLY",
	 "Django: atomic = False and AddIndexConcurrently. Rails: disable_ddl_transaction! and add_index with algorithm: :concurrently. Alembic: autocommit_block() and op.create_index with postgresql_concurrently=True."},
	{"DROP INDEX without CONCURRENTLY", "reads and writes of", "DROP INDEX CONCURRENTLY",
	 "Django: atomic = False and RemoveIndexConcurrently. Rails: disable_ddl_transaction! and remove_index with algorithm: :concurrently. Alembic: autocommit_block() and op.drop_index with postgresql_concurrently=True."},
	{"REINDEX without CONCURRENTLY", "writes to", "REINDEX CONCURRENTLY",
	 "Django: atomic = False. Rails: disable_ddl_transaction!. Alembic: autocommit_block()."},
	{"ALTER TABLE ADD CONSTRAINT", "reads and writes of", "CREATE INDEX CONCURRENTLY",
	 "Django: atomic = False. Rails: disable_ddl_transaction!. Alembic: autocommit_block()."},
	{"ALTER TABLE ATTACH PARTITION", "reads and writes of", "CREATE INDEX CONCURRENTLY",
	 "Django: atomic = False. Rails: disable_ddl_transaction!. Alembic: autocommit_block()."},
	{"ALTER INDEX SET TABLESPACE", "reads and writes of", "REINDEX CONCURRENTLY",
	 "Django: atomic = False. Rails: disable_ddl_transaction!. Alembic: autocommit_block()."},
};

const Wording &WordingOf(const Request &request)
{
	return wordings[static_cast<int>(request.operation)];
}

// The command as the message calls it: what kind of constraint, or a column that brings one.
const char *CommandOf(const Request &request)
{
	if (request.constraint == nullptr)
		return WordingOf(request).command;
	const char *what = "UNIQUE";
	if (request.constraint->contype == CONSTR_PRIMARY)
		what = "PRIMARY KEY";
	else if (request.constraint->contype == CONSTR_EXCLUSION)
		what = "EXCLUDE";
	return psprintf("ALTER TABLE ADD %s%s", request.column != nullptr ? "COLUMN ... " : "", what);
}

const char *SizeText(const TableFacts &facts)
{
	if (!facts.size.has_value())
		return "";
	return psprintf(" (%s)", text_to_cstring(DatumGetTextPP(
								 DirectFunctionCall1(pg_size_pretty, Int64GetDatum(*facts.size)))));
}

// Who would be locked: "The table (8 MB)", "The table and 3 leaf partitions", "Its 7 tables".
const char *Subject(const TableFacts &facts)
{
	switch (facts.kind)
	{
	case TableKind::partitioned_table:
		if (facts.members == 0)
			return "The table";
		return psprintf("The table and %d leaf partition%s", facts.members,
						facts.members == 1 ? "" : "s");
	case TableKind::schema:
	case TableKind::database:
		return psprintf("Each of its %d tables", facts.members);
	case TableKind::tablespace:
		return psprintf("Each of its %d indexes", facts.members);
	case TableKind::table:
	case TableKind::materialized_view:
		break;
	}
	return psprintf("The %s%s", KindName(facts.kind), SizeText(facts));
}

// What comes after the subject: the lock and how long it lasts.
const char *LockText(const Judgment &judgment, bool in_block)
{
	const bool several = ReachesSeveral(judgment.target.facts.kind);
	const char *until_end = " until the end of the transaction";
	switch (judgment.verdict.lock)
	{
	case Lock::share:
		return psprintf(" would be locked in SHARE mode%s.",
						in_block  ? until_end
						: several ? " until the index is built on all of them"
								  : " until the index is built");
	case Lock::share_and_index:
		return psprintf(
			" would be locked in SHARE mode, and %s in ACCESS EXCLUSIVE mode, which blocks queries that could use %s%s.",
			judgment.target.index.name != nullptr ? "the index" : "each index in turn",
			judgment.target.index.name != nullptr ? "it" : "them",
			in_block ? until_end : " until it is built anew");
	case Lock::access_exclusive_on_index:
		return psprintf(
			"%s in ACCESS EXCLUSIVE mode%s; every query on the table looks at its indexes, and would wait.",
			several ? " would be locked" : ": its index would be locked",
			in_block ? until_end : " until it is copied");
	case Lock::access_exclusive:
	case Lock::none:
		break;
	}
	if (in_block)
		return psprintf(" would be locked in ACCESS EXCLUSIVE mode%s.", until_end);
	if (judgment.request.operation == Operation::drop_index)
		return " would be locked in ACCESS EXCLUSIVE mode, and others would queue behind the command while it waits for that lock.";
	return " would be locked in ACCESS EXCLUSIVE mode until the index is built.";
}

// A constraint locks the partitioned table in another mode than, before 18, its leaf partitions,
// unless columns of these become NOT NULL.
const char *ConstraintLockText(const TableFacts &facts, bool in_block)
{
	return psprintf(
		"The table would be locked in ACCESS EXCLUSIVE mode, and %d leaf partition%s at least in SHARE mode, until the %s.",
		facts.members, facts.members == 1 ? "" : "s",
		in_block ? "end of the transaction" : "index is built on all of them");
}

const char *Detail(const Judgments &judgments, bool in_block)
{
	const Judgment &first = judgments.FirstViolation();
	const TableFacts &facts = first.target.facts;
	StringInfoData detail;
	initStringInfo(&detail);
	if (first.request.operation == Operation::add_constraint &&
		facts.kind == TableKind::partitioned_table && facts.members > 0)
		appendStringInfoString(&detail, ConstraintLockText(facts, in_block));
	else
		appendStringInfo(&detail, "%s%s", Subject(facts), LockText(first, in_block));

	const MissingIndexes &missing = first.target.missing;
	if (missing.count > 0)
	{
		appendStringInfoString(&detail, " It lacks what corresponds to ");
		const int shown = Min(missing.count, spelled_requests_max);
		for (int i = 0; i < shown; ++i)
			appendStringInfo(&detail, "%s\"%s\"", i == 0 ? "" : ", ",
							 missing.items[i].parent.Shown());
		if (missing.count > shown)
			appendStringInfo(&detail, " and %d more", missing.count - shown);
		appendStringInfoChar(&detail, '.');
	}

	const int others = judgments.violations - 1;
	if (others > 0)
		appendStringInfo(&detail, " The command asks for %d more such operation%s.", others,
						 others == 1 ? "" : "s");
	return detail.data;
}

const char *Hint(const Judgments &judgments, const StatementText &statement, const char *query,
				 const Settings &settings, bool in_block)
{
	const Remedy remedy = FindRemedy(judgments, statement, query, spelled_requests_max);
	const Wording &wording = WordingOf(judgments.FirstViolation().request);
	StringInfoData hint;
	initStringInfo(&hint);

	if (remedy.commands != nullptr)
	{
		if (in_block)
			appendStringInfo(
				&hint,
				"%s cannot run inside a transaction block, a function or a string of several statements. %s\n",
				wording.concurrent, wording.frameworks);
		appendStringInfo(
			&hint, "%s%s\n",
			remedy.command_count > 1 ? "Use, one command at a time:\n" : "Use: ", remedy.commands);
	}
	if (remedy.remark != nullptr)
		appendStringInfo(&hint, "%s\n", remedy.remark);
	appendStringInfoString(&hint, Override(settings));
	return hint.data;
}

// The index as the error's fields have it: the one that is there, or the name of the one to come.
const char *IndexName(const Judgment &judgment)
{
	if (judgment.request.create != nullptr)
		return judgment.request.create->idxname;
	if (judgment.request.constraint != nullptr)
		return judgment.request.constraint->conname;
	return judgment.target.index.name;
}

void CountViolations(const Judgments &judgments, Action action)
{
	for (const Judgment &judgment : judgments)
	{
		if (judgment.verdict.IsViolation())
			CountChecked(judgment.request.operation, action);
	}
}

} // namespace

const char *Override(const Settings &settings)
{
	const Mode in_force = settings.ModeInForce();
	if (settings.minimum_mode == Mode::off)
		return in_force == Mode::warn
				   ? "To run it without this warning: SET pg_safe_index.mode = off."
				   : "To run it as it is: SET pg_safe_index.mode = off.";
	if (settings.minimum_mode < in_force)
		return psprintf(
			"To run it with a warning: SET pg_safe_index.mode = %s; pg_safe_index.minimum_mode forbids less.",
			ModeName(settings.minimum_mode));
	if (settings.mode < in_force)
		return psprintf(
			"pg_safe_index.mode is %s in this session, but pg_safe_index.minimum_mode = %s forbids less.",
			ModeName(settings.mode), ModeName(settings.minimum_mode));
	return psprintf("pg_safe_index.mode cannot override it: pg_safe_index.minimum_mode = %s.",
					ModeName(settings.minimum_mode));
}

void Report(const Judgments &judgments, const StatementText &statement, const char *query,
			const Settings &settings, bool in_block)
{
	const Judgment &first = judgments.FirstViolation();
	const Target &target = first.target;
	const Mode in_force = settings.ModeInForce();
	const Action action = in_force >= Mode::error ? Action::refused : Action::warned;
	CountViolations(judgments, action);
	RecordViolation(first, IndexName(first), in_force, action, statement.text);
	if (first.verdict.reason == Reason::skips_invalid)
	{
		ReportSkipped(*target.invalid, first.request.concurrently, settings);
		return;
	}
	const TableKind kind = target.facts.kind;
	const bool refuse = action == Action::refused;
	const bool is_table = !ReachesSeveral(kind) || kind == TableKind::partitioned_table;
	const char *index = IndexName(first);

	// All that can fail or look something up comes before ereport() has begun.
	const char *command = CommandOf(first.request);
	const char *blocks = WordingOf(first.request).blocks;
	const char *where = psprintf("%s%s", is_table ? "" : "tables in ", KindName(kind));
	const char *detail = Detail(judgments, in_block);
	const char *hint = Hint(judgments, statement, query, settings, in_block);
	const char *table = target.table.Shown();

	ereport(refuse ? ERROR : WARNING,
			(errcode(refuse ? ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE : ERRCODE_WARNING),
			 errmsg("%s would block %s %s \"%s\"", command, blocks, where, table),
			 errdetail_internal("%s", detail), errhint("%s", hint),
			 is_table ? err_generic_string(PG_DIAG_SCHEMA_NAME, target.table.schema) : 0,
			 is_table ? err_generic_string(PG_DIAG_TABLE_NAME, target.table.name) : 0,
			 index != nullptr ? err_generic_string(PG_DIAG_CONSTRAINT_NAME, index) : 0));
}

void ReportLate(const Request &request, const ClassRow &table, std::optional<std::int64_t> size,
				const StatementText &statement, const Settings &settings)
{
	Judgment judgment{request, Target{}, {}};
	// DefineIndex() has a search path of its own from 17 on.
	judgment.target.table = QualifiedNameOf(table);
	judgment.target.table_id = table.id;
	judgment.target.facts.size = size;
	const Mode in_force = settings.ModeInForce();
	const Action action = in_force >= Mode::error ? Action::refused : Action::warned;
	CountChecked(request.operation, action);
	RecordViolation(judgment, IndexName(judgment), in_force, action, statement.text);

	const bool refuse = action == Action::refused;
	const char *command = CommandOf(request);
	const char *blocks = WordingOf(request).blocks;
	const char *hint =
		psprintf("Send it again, to be told what to do instead.\n%s", Override(settings));
	const RelationName &name = judgment.target.table;
	ereport(
		refuse ? ERROR : WARNING,
		(errcode(refuse ? ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE : ERRCODE_WARNING),
		 errmsg("%s would block %s table \"%s\"", command, blocks, name.Shown()),
		 errdetail(
			 "The command had nothing to build until another session changed that, while it waited for a lock."),
		 errhint("%s", hint), err_generic_string(PG_DIAG_SCHEMA_NAME, name.schema),
		 err_generic_string(PG_DIAG_TABLE_NAME, name.name)));
}

void TellRewritten(const Judgments &judgments, const char *commands, const char *text)
{
	const Judgment &judgment = judgments.FirstViolation();
	CountViolations(judgments, Action::rewritten);
	RecordViolation(judgment, IndexName(judgment), Mode::rewrite, Action::rewritten, text);
	const char *detail =
		commands != nullptr
			? psprintf("Running: %s", commands)
			: "The index is built concurrently on one leaf partition after the other.";
	if (judgment.verdict.reason == Reason::skips_invalid)
	{
		ereport(
			NOTICE,
			(errmsg(
				 "CREATE INDEX IF NOT EXISTS would skip index \"%s\", which is invalid: it is built anew",
				 judgment.target.invalid->index.Shown()),
			 errdetail_internal("%s", detail)));
		return;
	}
	const TableKind kind = judgment.target.facts.kind;
	ereport(
		NOTICE,
		(errmsg("%s would block %s %s%s \"%s\": the safe form is run instead",
				CommandOf(judgment.request), WordingOf(judgment.request).blocks,
				ReachesSeveral(kind) && kind != TableKind::partitioned_table ? "tables in " : "",
				KindName(kind), judgment.target.table.Shown()),
		 errdetail_internal("%s", detail)));
}

} // namespace psi
