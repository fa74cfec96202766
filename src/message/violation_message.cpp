// violation_message: message, detail and hint, after PostgreSQL's message style guide.
#include "message/violation_message.hpp"

#include "message/build_message.hpp"
#include "message/raise_violation.hpp"
#include "plan/remedy.hpp"
#include "stats/stats.hpp"

namespace psi
{

namespace
{

// The words that depend on the operation.
struct Wording
{
	const char *command;    // the command, as the message calls it
	const char *blocks;     // what it would block
	const char *concurrent; // the safe command, which cannot run inside a transaction block
	const char *frameworks; // how the common tools run a command outside of one
};

// In the order of Operation.
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

// The command as the message calls it, with the kind of the constraint.
const char *CommandOf(const Request &request)
{
	if (request.drop != nullptr)
		return psprintf("%s CASCADE", CommandNameOf(*request.drop));
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

bool IsTable(TableKind kind)
{
	return !ReachesSeveral(kind) || kind == TableKind::partitioned_table;
}

// The first sentence of every message about a violation of the lock.
const char *WouldBlock(const Judgment &judgment)
{
	const TableKind kind = judgment.target.facts.kind;
	return psprintf("%s would block %s %s%s \"%s\"", CommandOf(judgment.request),
					WordingOf(judgment.request).blocks, IsTable(kind) ? "" : "tables in ",
					NameOf(kind), judgment.target.table.Shown());
}

// What would be locked: "The table (8 MB)", "The table and 3 leaf partitions", "Each of its 7
// tables".
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
	return psprintf("The %s%s", NameOf(facts.kind), SizeText(facts));
}

// What follows the subject: the lock and how long it is held.
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
	if (judgment.target.scans)
		return " would be locked in ACCESS EXCLUSIVE mode until it has been scanned for nulls.";
	if (judgment.request.operation == Operation::drop_index)
		return " would be locked in ACCESS EXCLUSIVE mode, and others would queue behind the command while it waits for that lock.";
	return " would be locked in ACCESS EXCLUSIVE mode until the index is built.";
}

// ADD CONSTRAINT locks a partitioned table in ACCESS EXCLUSIVE mode. Before 18 it locks the leaf
// partitions in SHARE mode, unless it makes columns of theirs NOT NULL.
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

	const Array<CascadedIndex> &cascaded = first.target.cascaded;
	const int named = Min(cascaded.Count(), spelled_requests_max);
	for (int i = 0; i < named; ++i)
		appendStringInfo(&detail, "%s\"%s\"", i == 0 ? " The command would drop " : ", ",
						 NameOf(cascaded[i].index).Shown());
	if (named > 0)
		appendStringInfoString(&detail,
							   cascaded.Count() > named
								   ? psprintf(" and %d more indexes.", cascaded.Count() - named)
								   : ".");

	const int others = judgments.violations - 1;
	if (others > 0)
		appendStringInfo(&detail, " The command asks for %d more such operation%s.", others,
						 others == 1 ? "" : "s");
	return detail.data;
}

// The safe commands, after the reason why they cannot run here if `facts.in_block`.
const char *Hint(const Judgments &judgments, const StatementText &statement, const char *query,
				 const HintFacts &facts)
{
	const Remedy remedy = FindRemedy(judgments, statement, query, spelled_requests_max);
	const Wording &wording = WordingOf(judgments.FirstViolation().request);
	StringInfoData hint;
	initStringInfo(&hint);
	if (!remedy.steps.IsEmpty())
	{
		if (facts.in_block)
			appendStringInfo(
				&hint,
				"%s cannot run inside a transaction block, a function or a string of several statements. %s",
				wording.concurrent, wording.frameworks);
		const List *commands = AsCommands(remedy.steps, {facts.lock_timeout, Mode::off});
		AppendLine(&hint, list_length(commands) > 1 ? "Use, one command at a time:\n%s" : "Use: %s",
				   AsLines(commands));
	}
	if (remedy.more)
		AppendLine(&hint, "%s", "and so on; pg_safe_index_plan() returns all commands.");
	AppendLine(&hint, "%s", remedy.remark);
	AppendLine(&hint, "%s", remedy.note);
	AppendLine(&hint, "Mode rewrite does not run it: %s.", facts.why_not);
	return hint.data;
}

// The index for the fields of the error and for the record: the one that exists, or the name of the
// one to be built. Null if PostgreSQL chooses the name.
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

ViolationParts PartsOf(const Judgments &judgments, const StatementText &statement,
					   const char *query, const HintFacts &facts)
{
	const Judgment &first = judgments.FirstViolation();
	const Target &target = first.target;
	if (first.verdict.reason == Reason::skips_invalid)
		return PartsOfSkipped(*target.invalid, first.request.concurrently);
	return {WouldBlock(first), Detail(judgments, facts.in_block),
			Hint(judgments, statement, query, facts),
			IsTable(target.facts.kind) ? &target.table : nullptr, IndexName(first)};
}

} // namespace

ViolationTexts TextsOf(const Judgments &judgments, const StatementText &statement,
					   const char *query, const Settings &settings, const HintFacts &facts)
{
	const ViolationParts parts = PartsOf(judgments, statement, query, facts);
	return {parts.message, parts.detail, WholeHint(settings, parts)};
}

void Report(const Judgments &judgments, const StatementText &statement, const char *query,
			const Settings &settings, const HintFacts &facts)
{
	const Judgment &first = judgments.FirstViolation();
	const Action action = ActionOn(settings);
	CountViolations(judgments, action);
	RecordViolation(first, IndexName(first), settings.ModeInForce(), action, statement.text);
	RaiseViolation(settings, PartsOf(judgments, statement, query, facts));
}

void ReportLate(const Request &request, const ClassRow &table, std::optional<std::int64_t> size,
				const StatementText &statement, const Settings &settings)
{
	Judgment judgment{request, Target{}, {}};
	// From 17 on DefineIndex() sets a search path of its own, so the schema is always shown.
	judgment.target.table = QualifiedNameOf(table);
	judgment.target.table_id = table.id;
	judgment.target.facts.size = size;
	const Action action = ActionOn(settings);
	CountChecked(request.operation, action);
	RecordViolation(judgment, IndexName(judgment), settings.ModeInForce(), action, statement.text);
	if (action == Action::overridden)
		return;
	RaiseViolation(
		settings,
		{WouldBlock(judgment),
		 "When the command was checked, it had no index to build. Another session has changed that, while the command waited for a lock.",
		 "Send it again, to be told what to do instead.", &judgment.target.table, nullptr});
}

void RecordOverride(const Judgments &judgments, const StatementText &statement)
{
	const Judgment &first = judgments.FirstViolation();
	CountViolations(judgments, Action::overridden);
	RecordViolation(first, IndexName(first), Mode::off, Action::overridden, statement.text);
}

void TellRewritten(const Judgments &judgments, const char *commands, const char *text)
{
	const Judgment &judgment = judgments.FirstViolation();
	CountViolations(judgments, Action::rewritten);
	RecordViolation(judgment, IndexName(judgment), Mode::rewrite, Action::rewritten, text);
	const char *message =
		judgment.verdict.reason == Reason::skips_invalid
			? psprintf(
				  "CREATE INDEX IF NOT EXISTS would skip index \"%s\", which is invalid: it is built anew",
				  judgment.target.invalid->index.Shown())
			: psprintf("%s: the safe form is run instead", WouldBlock(judgment));
	const char *detail =
		commands != nullptr
			? psprintf("Running: %s", commands)
			: "The index is built concurrently on one leaf partition after the other.";
	ereport(NOTICE, (errmsg_internal("%s", message), errdetail_internal("%s", detail)));
}

} // namespace psi
