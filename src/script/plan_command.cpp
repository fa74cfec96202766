// plan_command: pg_safe_index_plan(): the safe form of one command, a row for each command of it.
#include "script/script_face.h"

#include "catalog/activity.hpp"
#include "catalog/index_analysis.hpp"
#include "catalog/index_match.hpp"
#include "pg/list.hpp"
#include "plan/remedy.hpp"
#include "script/judge.hpp"
#include "script/parse_script.hpp"

namespace psi
{

namespace
{

// Raises the error that there is no plan.
[[noreturn]] void RaiseNoPlan(int code, const char *message, const char *why, const char *hint)
{
	ereport(ERROR, (errcode(code), errmsg_internal("%s", message),
					why != nullptr ? errdetail_internal("%s", why) : 0,
					hint != nullptr ? errhint("%s", hint) : 0));
	pg_unreachable();
}

// PostgreSQL itself will refuse the command.
[[noreturn]] void RaiseRefused(const Finding &finding, const char *query)
{
	const Request &request = finding.judgment.request;
	// An error of parse analysis in PostgreSQL's own words.
	if (request.create != nullptr && finding.judgment.verdict.reason == Reason::missing &&
		!finding.whole)
		RaiseAnalysisErrors(*request.create, Resolve(*request.name), query);
	const bool denied = finding.whole || finding.judgment.verdict.reason == Reason::not_owner;
	RaiseNoPlan(denied ? ERRCODE_INSUFFICIENT_PRIVILEGE : ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
				"PostgreSQL would refuse the command", finding.refusal, nullptr);
}

// IF NOT EXISTS would skip an invalid index: it is dropped, and the command then builds it. Adds
// that step. Raises an error if the index is not the one that the command asks for.
void DropSkipped(Array<Step> &steps, const Judgment &judgment, const char *query)
{
	const InvalidIndex &invalid = *judgment.target.invalid;
	const Worker worker = AtWorkOn(invalid.id, invalid.table_id);
	if (worker.doing != Doing::nothing)
		RaiseNoPlan(
			ERRCODE_OBJECT_IN_USE, "another process is at work on the index",
			psprintf("Process %d builds or drops index \"%s\".", worker.pid, invalid.index.Shown()),
			"Wait for it to end, and ask again.");
	const char *drop = DropCommand(invalid, false);
	if (invalid.table_id != judgment.target.table_id || drop == nullptr ||
		!IsSameIndex(invalid.id, *judgment.request.create, invalid.table_id, query))
		RaiseNoPlan(ERRCODE_DUPLICATE_TABLE,
					psprintf("relation \"%s\" already exists", invalid.index.Shown()),
					"It is an invalid index, and not the one that the command asks for.",
					"Drop that index, or choose another name.");
	Step step;
	step.text = makeStringInfo();
	appendStringInfoString(step.text, drop);
	steps.Add(step);
}

Remedy RemedyFor(const Judgments &judgments, const ScriptStatement &statement)
{
	const Judgment &first = judgments.FirstViolation();
	if (first.verdict.reason != Reason::skips_invalid)
		return FindRemedy(judgments, statement.text, statement.script, INT_MAX);
	Remedy remedy;
	DropSkipped(remedy.steps, first, statement.script);
	const Remedy build = FindRemedyForTable(first, statement.text, statement.script);
	for (const Step &step : build.steps)
		remedy.steps.Add(step);
	remedy.remark = build.remark;
	return remedy;
}

// PostgreSQL looks at the name of a new index only after it has locked the table.
void RefuseTakenName(const Judgment &judgment)
{
	const Request &request = judgment.request;
	const char *name = nullptr;
	if (request.create != nullptr && !request.create->if_not_exists)
		name = request.create->idxname;
	// The command may drop what has the name.
	else if (request.constraint != nullptr && !request.uses_index &&
			 !request.summary->drops_constraint)
		name = request.constraint->conname;
	if (name != nullptr && OidIsValid(get_relname_relid(name, judgment.target.schema)))
		RaiseNoPlan(ERRCODE_DUPLICATE_TABLE, psprintf("relation \"%s\" already exists", name),
					nullptr, nullptr);
}

// The commands of the safe form.
List *PlanViolation(const Judgments &judgments, const ScriptStatement &statement)
{
	for (const Judgment &judgment : judgments)
	{
		CHECK_FOR_INTERRUPTS();
		if (judgment.verdict.IsViolation())
			RefuseTakenName(judgment);
	}
	Remedy remedy = RemedyFor(judgments, statement);
	LeaveOutForbidden(remedy, judgments, statement.settings);
	if (!remedy.idle && !remedy.IsWhole())
		RaiseNoPlan(ERRCODE_FEATURE_NOT_SUPPORTED, "the command has no safe form", remedy.remark,
					nullptr);
	if (remedy.idle)
		ereport(NOTICE,
				(errmsg("there is nothing to do"), errdetail_internal("%s", remedy.remark)));
	if (remedy.note != nullptr)
		ereport(NOTICE, (errmsg("note on the plan"), errdetail_internal("%s", remedy.note)));
	return AsCommands(remedy.steps, {statement.lock_timeout, ModeForViolation(statement.settings)});
}

// The only statement of the text.
const RawStmt &OnlyStatement(const List *statements)
{
	if (list_length(statements) != 1)
		RaiseNoPlan(ERRCODE_INVALID_PARAMETER_VALUE,
					"pg_safe_index_plan() takes exactly one statement",
					psprintf("The text has %d statements.", list_length(statements)), nullptr);
	return *linitial_node(RawStmt, statements);
}

List *PlanCommand(const char *command, const psi_settings &live)
{
	const RawStmt &raw = OnlyStatement(pg_parse_query(command));
	const Settings settings{Mode::error, static_cast<Mode>(live.minimum_mode),
							static_cast<std::int64_t>(live.min_table_size) * 1024,
							live.checked_operations, false};
	const ScriptStatement statement{raw.stmt, TextIn(command, raw), command, settings, false,
									false,    live.lock_timeout,    true};
	const auto findings = JudgeStatement(State{}, statement, AskedFor(raw.stmt));
	if (findings.has_value() && findings->violation != nullptr)
		return PlanViolation(findings->judgments, statement);
	if (findings.has_value() && findings->refusal != nullptr)
		RaiseRefused(*findings->refusal, command);
	return list_make1(psprintf("%s;", statement.text.text));
}

} // namespace

} // namespace psi

extern "C" void psi_plan_command(const char *command, const psi_settings *settings, void *store,
								 void *columns)
{
	using namespace psi;
	const List *plan = WithErrorsIn(command, [=] { return PlanCommand(command, *settings); });
	for (const char *line : Each<const char>(plan))
	{
		CHECK_FOR_INTERRUPTS();
		Datum value = CStringGetTextDatum(line);
		bool null = false;
		tuplestore_putvalues(static_cast<Tuplestorestate *>(store), static_cast<TupleDesc>(columns),
							 &value, &null);
	}
}
