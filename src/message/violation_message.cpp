// violation_message: message, detail and hint, after PostgreSQL's message style guide.
#include "message/violation_message.hpp"

#include "message/build_message.hpp"
#include "message/lock_detail.hpp"
#include "message/raise_violation.hpp"
#include "message/violation_hint.hpp"
#include "stats/stats.hpp"

namespace psi
{

namespace
{

// The words that depend on the operation.
struct Wording
{
	const char *command; // the command, as the message calls it
	const char *blocks;  // what it would block
};

// In the order of Operation.
constexpr Wording wordings[operation_count] = {
	{"CREATE INDEX without CONCURRENTLY", "writes to"},
	{"DROP INDEX without CONCURRENTLY", "reads and writes of"},
	{"REINDEX without CONCURRENTLY", "writes to"},
	{"ALTER TABLE ADD CONSTRAINT", "reads and writes of"},
	{"ALTER TABLE ATTACH PARTITION", "reads and writes of"},
	{"ALTER INDEX SET TABLESPACE", "reads and writes of"},
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
					   const char *query, const Settings &settings, const HintFacts &facts)
{
	const Judgment &first = judgments.FirstViolation();
	const Target &target = first.target;
	if (first.verdict.reason == Reason::skips_invalid)
		return PartsOfSkipped(*target.invalid, first.request, statement, settings, facts.in_block);
	return {WouldBlock(first), LockDetail(judgments, facts.in_block),
			ViolationHint(judgments, statement, query, settings, facts),
			IsTable(target.facts.kind) ? &target.table : nullptr, IndexName(first)};
}

} // namespace

ViolationTexts TextsOf(const Judgments &judgments, const StatementText &statement,
					   const char *query, const Settings &settings, const HintFacts &facts)
{
	const ViolationParts parts = PartsOf(judgments, statement, query, settings, facts);
	return {parts.message, parts.detail, WholeHint(settings, parts)};
}

void Report(const Judgments &judgments, const StatementText &statement, const char *query,
			const Settings &settings, const HintFacts &facts)
{
	const Judgment &first = judgments.FirstViolation();
	const Action action = ActionOn(settings);
	CountViolations(judgments, action);
	RecordViolation(first, IndexName(first), settings.ModeInForce(), action, statement.text);
	RaiseViolation(settings, PartsOf(judgments, statement, query, settings, facts));
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
		 "When the command was checked, it had no index to build. Another session changed that while the command waited for a lock.",
		 "Send the command again to see what to run instead.", &judgment.target.table, nullptr});
}

void RecordOverride(const Judgments &judgments, const StatementText &statement)
{
	const Judgment &first = judgments.FirstViolation();
	CountViolations(judgments, Action::overridden);
	RecordViolation(first, IndexName(first), Mode::off, Action::overridden, statement.text);
}

void CountRewritten(const Judgment &judgment, const char *text)
{
	CountChecked(judgment.request.operation, Action::rewritten);
	if (judgment.verdict.IsViolation() && !judgment.request.concurrently)
		RecordViolation(judgment, IndexName(judgment), Mode::rewrite, Action::rewritten, text);
}

void TellRewritten(const Judgments &judgments, const char *commands, const char *text)
{
	const Judgment &judgment = judgments.FirstViolation();
	CountViolations(judgments, Action::rewritten);
	RecordViolation(judgment, IndexName(judgment), Mode::rewrite, Action::rewritten, text);
	const char *message =
		judgment.verdict.reason == Reason::skips_invalid
			? psprintf(
				  "CREATE INDEX IF NOT EXISTS would skip index \"%s\", which is invalid: it is rebuilt",
				  judgment.target.invalid->index.Shown())
			: psprintf("%s: the safe form is run instead", WouldBlock(judgment));
	const char *detail =
		judgment.request.operation == Operation::reindex
			? "The indexes are rebuilt concurrently on one leaf partition after the other."
			: "The index is built concurrently on one leaf partition after the other.";
	if (commands != nullptr)
		detail = psprintf("Running: %s", commands);
	ereport(NOTICE, (errmsg_internal("%s", message), errdetail_internal("%s", detail)));
}

} // namespace psi
