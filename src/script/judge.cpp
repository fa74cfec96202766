// judge: from the findings about the operations of a statement to one answer.
#include "script/judge.hpp"

#include "catalog/find_target.hpp"
#include "catalog/index_analysis.hpp"
#include "message/block_message.hpp"
#include "message/violation_message.hpp"
#include "pg/list.hpp"
#include "script/known.hpp"
#include "script/names.hpp"

namespace psi
{

namespace
{

constexpr const char *unplanned =
	"The partitions that the script makes are not known yet. Run the script up to this command, and ask again.";

// What PostgreSQL says to CONCURRENTLY inside a transaction block.
const char *NotInBlock(const Request &request)
{
	const char *command = "REINDEX CONCURRENTLY";
	if (request.operation == Operation::create_index)
		command = "CREATE INDEX CONCURRENTLY";
	else if (request.operation == Operation::drop_index)
		command = "DROP INDEX CONCURRENTLY";
	return psprintf("%s cannot run inside a transaction block", command);
}

// Does PostgreSQL do nothing, and no more than say so, if what the request names is missing?
bool IsHarmlessIfMissing(const Request &request)
{
	return request.missing_ok || request.drop != nullptr;
}

// ALTER TABLE ... SET TABLESPACE of a table.
bool IsNoIndex(const Request &request)
{
	if (request.operation != Operation::move_index || request.name == nullptr)
		return false;
	const auto row = ReadClass(Resolve(*request.name));
	return row.has_value() && row->kind != RELKIND_INDEX && row->kind != RELKIND_PARTITIONED_INDEX;
}

// Does PostgreSQL refuse what has no concurrent form?
const char *RefusalOfConcurrent(const Judgment &judgment)
{
	const TableFacts &facts = judgment.target.facts;
	if (facts.kind != TableKind::partitioned_table ||
		judgment.request.operation == Operation::reindex)
		return nullptr;
	return psprintf("cannot %s index on partitioned table \"%s\" concurrently",
					judgment.request.operation == Operation::create_index ? "create" : "drop",
					judgment.target.table.Shown());
}

// In the server's words where they are certain.
const char *WhyMissing(const State &state, const Finding &finding)
{
	const Request &request = finding.judgment.request;
	if (request.dropped != NIL && !FindRelation(state, request.dropped).Is())
		return psprintf("index \"%s\" does not exist", finding.object);
	if (request.name != nullptr && !FindRelation(state, *request.name).Is())
		return psprintf("relation \"%s\" does not exist", finding.object);
	return finding.object != nullptr
			   ? psprintf("PostgreSQL will refuse the command on \"%s\".", finding.object)
			   : "PostgreSQL will refuse the command.";
}

// Says of a finding that has been judged whether PostgreSQL will refuse it.
void FindRefusal(const State &state, Finding &finding)
{
	const Judgment &judgment = finding.judgment;
	const Request &request = judgment.request;
	const TableFacts &facts = judgment.target.facts;
	if (finding.refusal != nullptr || finding.nothing || judgment.verdict.IsViolation() ||
		judgment.verdict.reason == Reason::not_asked)
		return;
	if (!facts.resolves)
	{
		const bool foreign =
			request.attach != nullptr && judgment.verdict.reason != Reason::missing;
		if (!foreign && (!IsHarmlessIfMissing(request) || judgment.target.refused))
			finding.refusal = WhyMissing(state, finding);
	}
	else if (!facts.permitted)
		finding.refusal = psprintf("The role \"%s\" may not execute the command on \"%s\".",
								   GetUserNameFromId(GetUserId(), false),
								   finding.object != nullptr ? finding.object : "");
	else if (request.concurrently)
		finding.refusal = RefusalOfConcurrent(judgment);
}

// Is the answer one that what is not known could change?
void FindDoubt(const State &state, Finding &finding)
{
	const Reason reason = finding.judgment.verdict.reason;
	const bool missing = !finding.judgment.target.facts.resolves;
	const DoubtFact *doubt = state.Find(Doubt::session);
	if (doubt == nullptr)
		doubt = state.Find(Doubt::read_only);
	if (doubt == nullptr && (missing || reason == Reason::not_owner || reason == Reason::no_build ||
							 reason == Reason::small || finding.refusal != nullptr))
		doubt = state.Find(Doubt::everything);
	// Only names of indexes are chosen by PostgreSQL.
	if (doubt == nullptr && missing && finding.judgment.request.create == nullptr &&
		finding.judgment.request.constraint == nullptr)
		doubt = state.Find(Doubt::names);
	if (doubt == nullptr && reason == Reason::not_owner)
		doubt = state.Find(Doubt::rights);
	if (doubt == nullptr && reason == Reason::small)
		doubt = state.Find(Doubt::sizes);
	if (doubt != nullptr && finding.unknown == nullptr)
		finding.unknown = psprintf("It depends on what statement %d (%s) does.", doubt->statement,
								   doubt->command);
}

Finding JudgeLive(const State &state, const Request &request, const ScriptStatement &statement,
				  const Circumstances &circumstances)
{
	Finding finding;
	finding.live = true;
	const Target target = Look(request, circumstances);
	finding.judgment = {
		request, target,
		Judge(request.operation, request.concurrently, target.facts, statement.settings)};
	finding.nothing = IsNoIndex(request) || (request.drop != nullptr && !target.facts.resolves);
	if (finding.judgment.verdict.reason == Reason::skips_invalid && request.concurrently &&
		statement.drops_failed_builds)
		finding.unknown =
			"The invalid index is dropped first if a failed build of the same index has left it (pg_safe_index.drop_failed_builds).";
	// What the script has made meanwhile is not in the catalogs.
	const bool whole = request.name == nullptr && request.dropped == NIL;
	if (whole && !state.ledger.IsEmpty() && !finding.judgment.verdict.IsViolation())
		finding.unknown = "It reaches what the script may have made or changed.";
	return finding;
}

Finding JudgeRequest(const State &state, const Request &request, const ScriptStatement &statement,
					 Circumstances &circumstances, bool refused)
{
	const Settings &settings = statement.settings;
	Finding finding;
	finding.judgment.request = request;
	finding.object = ObjectOf(request);
	const char *denied = nullptr;
	if (request.concurrently && state.in_block)
	{
		finding.refusal = NotInBlock(request);
		finding.judgment.verdict = {Reason::concurrent, Lock::none};
		return finding;
	}
	const bool touched = IsTouched(state, request, denied);
	circumstances.sized = !request.concurrently;
	circumstances.wanted.enough = circumstances.sized ? settings.min_table_size : 0;
	if (denied != nullptr)
	{
		finding.refusal = psprintf("permission denied for schema %s", denied);
		finding.whole = true;
	}
	else if (touched)
		finding = JudgeKnown(state, request, settings);
	else if (!refused)
	{
		const char *object = finding.object;
		finding = JudgeLive(state, request, statement, circumstances);
		finding.object = object;
	}
	else
		finding.judgment.verdict = {Reason::missing, Lock::none};
	FindRefusal(state, finding);
	FindDoubt(state, finding);
	return finding;
}

void AddFinding(Findings &findings, const Finding &finding)
{
	const Finding *kept = Make(finding);
	findings.first = findings.first != nullptr ? findings.first : kept;
	// PostgreSQL looks all names up before it takes up the first operation.
	if (finding.whole)
		findings.violation = nullptr;
	Judgment judgment = finding.judgment;
	if (finding.unknown != nullptr)
		findings.unknown = findings.unknown != nullptr ? findings.unknown : kept;
	else if (finding.refusal != nullptr)
		findings.refusal = findings.refusal != nullptr ? findings.refusal : kept;
	else if (judgment.verdict.IsViolation())
		findings.violation = findings.violation != nullptr ? findings.violation : kept;
	if (finding.unknown != nullptr || finding.refusal != nullptr)
		judgment.verdict = {Reason::missing, Lock::none};
	findings.judgments.Add(judgment);
}

void TellViolation(const State &state, const ScriptStatement &statement, const Findings &findings,
				   Answer &answer)
{
	const Finding &finding = *findings.violation;
	answer.outcome = Outcome::violation;
	answer.reason = statement.overridden ? "overridden" : NameOf(finding.judgment.verdict.reason);
	const ViolationTexts texts =
		TextsOf(findings.judgments, statement.text, statement.script, statement.settings,
				{state.in_block, statement.lock_timeout, nullptr});
	answer.message = texts.message;
	answer.detail = texts.detail;
	answer.hint = finding.plain ? texts.hint : unplanned;
}

// What PostgreSQL says to DROP INDEX CONCURRENTLY before it looks at the index
// (RemoveRelations()).
const char *RefusalOfDrop(const State &state, const Node *node)
{
	const auto *drop = IfA<DropStmt>(node);
	if (drop == nullptr || !drop->concurrent || state.in_block)
		return nullptr;
	if (list_length(drop->objects) > 1)
		return "DROP INDEX CONCURRENTLY does not support dropping multiple objects";
	return drop->behavior == DROP_CASCADE ? "DROP INDEX CONCURRENTLY does not support CASCADE"
										  : nullptr;
}

} // namespace

Answer TellFindings(const State &state, const ScriptStatement &statement, const Findings &findings)
{
	Answer answer;
	const Finding &worst = findings.violation != nullptr ? *findings.violation
						   : findings.refusal != nullptr ? *findings.refusal
						   : findings.unknown != nullptr ? *findings.unknown
														 : *findings.first;
	answer.operation = operation_names[static_cast<int>(worst.judgment.request.operation)].data();
	answer.object = worst.object;
	if (&worst == findings.violation)
		TellViolation(state, statement, findings, answer);
	else if (&worst == findings.refusal)
	{
		answer.outcome = Outcome::refused;
		answer.message = worst.refusal;
		if (worst.judgment.request.concurrently && state.in_block)
			answer.hint = HintForRefusedInBlock();
		answer.reason = worst.judgment.request.concurrently && state.in_block ? "in_block"
						: worst.whole || worst.judgment.verdict.reason == Reason::not_owner
							? NameOf(Reason::not_owner)
							: NameOf(Reason::missing);
	}
	else if (&worst == findings.unknown)
	{
		answer.outcome = Outcome::unknown;
		answer.message = worst.unknown;
		answer.reason = "not_known";
	}
	else
		answer.reason = NameOf(worst.judgment.verdict.reason);
	return answer;
}

std::optional<Findings> JudgeStatement(const State &state, const ScriptStatement &statement,
									   const Requests &requests)
{
	if (requests.IsEmpty())
		return std::nullopt;
	Circumstances circumstances;
	circumstances.in_block = state.in_block;
	circumstances.wanted.all_names = statement.all_names;
	circumstances.seen = requests.Count() > 1 ? MakeSeenTables() : nullptr;
	const char *denied = nullptr;
	if (const char *refusal = RefusalOfDrop(state, statement.node))
	{
		Findings findings;
		Finding finding;
		finding.judgment.request = requests.First();
		finding.judgment.verdict = {Reason::missing, Lock::none};
		finding.object = ObjectOf(requests.First());
		finding.refusal = refusal;
		AddFinding(findings, finding);
		return findings;
	}
	const bool touched = IsTouched(state, requests.First(), denied);
	const bool refused = denied == nullptr && !touched && IsRefusedWhole(requests);
	Findings findings;
	for (const Request &request : requests)
	{
		CHECK_FOR_INTERRUPTS();
		const Finding finding = JudgeRequest(state, request, statement, circumstances, refused);
		if (!finding.nothing)
			AddFinding(findings, finding);
		if (finding.judgment.target.ends_command || finding.whole)
			break;
		if (request.constraint != nullptr && request.constraint->contype == CONSTR_PRIMARY)
			circumstances.primary_key_before = true;
	}
	if (findings.first == nullptr)
		return std::nullopt;
	const Finding &decisive = findings.violation != nullptr ? *findings.violation : *findings.first;
	const Reason reason = decisive.judgment.verdict.reason;
	if (decisive.live && decisive.judgment.request.create != nullptr &&
		(&decisive == findings.violation || reason == Reason::concurrent))
		RaiseAnalysisErrors(*decisive.judgment.request.create, decisive.judgment.target.table_id,
							statement.script);
	return findings;
}

} // namespace psi
