// rewrite: decides which commands are run, and in what order.
#include "execute/rewrite.hpp"

#include "catalog/activity.hpp"
#include "catalog/index_match.hpp"
#include "catalog/partitions.hpp"
#include "execute/failed_builds.hpp"
#include "execute/foreign_partitions.hpp"
#include "execute/parse_command.hpp"
#include "execute/partitioned_build.hpp"
#include "execute/rewrite_lock.hpp"
#include "execute/rewrite_reindex.hpp"
#include "execute/run_command.hpp"
#include "execute/run_remedy.hpp"
#include "message/lock_message.hpp"
#include "message/violation_message.hpp"
#include "pg/array.hpp"
#include "pg/list.hpp"
#include "plan/command_text.hpp"
#include "plan/index_build.hpp"
#include "plan/remedy.hpp"

namespace psi
{

namespace
{

// The name of the index that is to become the constraint. An earlier attempt may have built or
// begun it: it has the first name that PostgreSQL would choose, which must not count as taken then.
const char *NameForConstraint(const IndexPlan &plan, const Target &target, const char *query)
{
	if (plan.name != nullptr)
		return plan.name;
	const char *first = FirstName(plan, target.table);
	const Oid earlier = get_relname_relid(first, target.schema);
	return OidIsValid(earlier) && !OidIsValid(get_index_constraint(earlier)) &&
				   IsSameIndex(earlier, *plan.create, target.table_id, query)
			   ? first
			   : ChooseName(plan, target.table, target.schema);
}

Remedy RemedyForConstraint(const Judgment &judgment, const char *query)
{
	const RelationName &table = judgment.target.table;
	const IndexPlan plan = PlanForConstraint(judgment.request);
	Steps steps;
	BuildOnTable(steps, plan, table,
				 {table.schema, NameForConstraint(plan, judgment.target, query), true});
	return {steps.All(), nullptr};
}

// Why a safe form is not run, as the rest of a sentence; null: it has been run.
using WhyNot = const char *;

constexpr WhyNot no_safe_form = "it has no safe form that could be run as a whole";
constexpr WhyNot no_concurrent_reindex =
	"the index of an exclusion constraint cannot be rebuilt concurrently";
// The remark of the remedy says it.
constexpr WhyNot as_remarked = "";
constexpr WhyNot other_owner =
	"the table or one of its partitions belongs to another role: SET ROLE first";

// What the client has sent.
struct Refused
{
	const Judgments &judgments;
	const Judgment &first; // the first violation
	const StatementText &statement;
};

void TellAndRun(const Runner &runner, const Refused &refused, const Remedy &remedy)
{
	TellRewritten(refused.judgments, FirstCommands(TextsOf(remedy.steps)), refused.statement.text);
	RunRemedy(runner, remedy, refused.first);
}

// IF NOT EXISTS would skip an invalid index. Drops it and builds it again if it is the one that the
// command asks for, and not another one of that name.
WhyNot RebuildSkipped(const Runner &runner, const Refused &refused)
{
	const Target &target = refused.first.target;
	const IndexStmt *create = refused.first.request.create;
	const InvalidIndex &invalid = *target.invalid;
	if (create == nullptr || ReachesSeveral(target.facts.kind) ||
		invalid.table_id != target.table_id ||
		AtWorkOn(invalid.id, invalid.table_id).doing != Doing::nothing ||
		!IsSameIndex(invalid.id, *create, invalid.table_id, runner.call.query))
		return "the invalid index is not the one that the command asks for, or is being built";
	const Remedy remedy = FindRemedyForTable(refused.first, refused.statement, runner.call.query);
	if (!remedy.IsWhole())
		return no_safe_form;
	TellAndRun(runner, refused, remedy);
	return nullptr;
}

// Plans a CREATE INDEX on a partitioned table. If another session has locked the table, waits for
// ACCESS SHARE, behind which nobody queues.
bool PlanOrWait(const Runner &runner, const Judgment &judgment, IndexPlan &plan)
{
	Repeatable repeatable = PlanOnPartitions(judgment, runner.call.query, plan);
	if (repeatable == Repeatable::locked)
	{
		CommitAndBeginWithoutSnapshot(runner.context);
		LockRelationOid(judgment.target.table_id, AccessShareLock);
		PushActiveSnapshot(GetTransactionSnapshot());
		repeatable = PlanOnPartitions(judgment, runner.call.query, plan);
		if (repeatable == Repeatable::locked)
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
							errmsg("the table was dropped while the command waited for it")));
	}
	return repeatable == Repeatable::yes;
}

// CREATE INDEX or ADD CONSTRAINT on a partitioned table.
WhyNot RewriteOnPartitions(const Runner &runner, const Refused &refused)
{
	const Target &target = refused.first.target;
	if (!IsOwnerOfTree(target.table_id))
		return other_owner;
	IndexPlan plan{};
	if (refused.first.request.constraint != nullptr)
		plan = PlanForConstraint(refused.first.request);
	else if (!PlanOrWait(runner, refused.first, plan))
		return "an expression refers to the row as a whole, or the definition is too long";
	TellRewritten(refused.judgments, nullptr, refused.statement.text);
	if (target.set.foreign > 0)
		BuildBesideForeign(runner, plan, target.table_id, refused.statement.text);
	else
		BuildOnPartitionTree(runner, plan, target.table_id);
	return nullptr;
}

// Drops what failed builds have left of the indexes that the remedy builds, then makes the remedy
// again: the names of those indexes are free now.
Remedy RemedyWithoutLeftovers(const Runner &runner, const Refused &refused, const Remedy &remedy)
{
	for (const Step &step : remedy.steps)
	{
		if (step.IsBounded())
			continue;
		CommitAndBegin(runner.context);
		const char *command = step.text->data;
		const auto *create = IfA<IndexStmt>(ParseCommand(command)->utilityStmt);
		if (create != nullptr)
			PrepareToBuild(runner, *create, command, true);
	}
	const Remedy again =
		FindRemedy(refused.judgments, refused.statement, runner.call.query, INT_MAX);
	// Another session may have locked the table meanwhile.
	return again.IsWhole() ? again : remedy;
}

// Every other command: runs the commands of the hint, or commands like them.
WhyNot RewriteAsHinted(const Runner &runner, const Refused &refused, Remedy remedy)
{
	const Operation operation = refused.first.request.operation;
	if (operation == Operation::reindex)
	{
		if (RebuildsExclusionIndex(refused.first))
			return no_concurrent_reindex;
		CompleteReindex(refused.first, remedy);
	}
	if (operation == Operation::add_constraint)
	{
		if (!IsOwner(refused.first.target.table_id, GetUserId()))
			return other_owner;
		remedy = RemedyForConstraint(refused.first, runner.call.query);
	}
	if (operation == Operation::attach_partition)
		remedy = RemedyWithoutLeftovers(runner, refused, remedy);
	TellRewritten(refused.judgments, FirstCommands(TextsOf(remedy.steps)), refused.statement.text);
	if (operation == Operation::reindex || operation == Operation::move_index)
		DropLeftByEarlierReindex(runner, refused.first);
	RunRemedy(runner, remedy, refused.first);
	return nullptr;
}

// REINDEX of a partitioned table or index.
WhyNot RewriteReindexOnPartitions(const Runner &runner, const Refused &refused)
{
	if (!MayReindexPartitions(refused.first))
		return other_owner;
	if (RebuildsExclusionIndex(refused.first))
		return no_concurrent_reindex;
	TellRewritten(refused.judgments, nullptr, refused.statement.text);
	DropLeftByEarlierReindex(runner, refused.first);
	ReindexPartitionByPartition(runner, refused.first);
	return nullptr;
}

WhyNot RewriteDrop(const Runner &runner, const Refused &refused)
{
	const Judgments &judgments = refused.judgments;
	if (refused.first.request.cascade)
		return "DROP INDEX CONCURRENTLY does not take CASCADE";
	bool server_refuses = judgments.items[judgments.count - 1].target.ends_command;
	for (const Judgment &judgment : judgments)
		server_refuses = server_refuses || judgment.target.refused;
	if (server_refuses)
		return "it could not be run as a whole";
	// One index: the user's own text, if there is a concurrent form.
	Remedy remedy;
	if (judgments.count == 1)
		remedy = FindRemedy(judgments, refused.statement, runner.call.query, INT_MAX);
	if (remedy.steps.IsEmpty())
		remedy.steps = StepsToDrop(judgments);
	// The drops before the one that PostgreSQL refuses could not be undone.
	if (remedy.steps.Count() > 1 && HaveDependents(judgments))
		return "another object depends on one of the indexes";
	TellAndRun(runner, refused, remedy);
	return nullptr;
}

WhyNot RunSafeForm(const Runner &runner, const Refused &refused)
{
	const Target &target = refused.first.target;
	const Operation operation = refused.first.request.operation;
	if (refused.first.verdict.reason == Reason::skips_invalid)
		return RebuildSkipped(runner, refused);

	if (operation == Operation::drop_index)
		return RewriteDrop(runner, refused);

	const bool on_partitions = target.facts.kind == TableKind::partitioned_table;
	// A lock keeps the hint from showing commands, but not a rewrite.
	if (on_partitions && operation == Operation::create_index)
		return RewriteOnPartitions(runner, refused);
	if (on_partitions && operation == Operation::reindex && !target.exclusion)
		return RewriteReindexOnPartitions(runner, refused);
	const Remedy remedy =
		FindRemedy(refused.judgments, refused.statement, runner.call.query, INT_MAX);
	if (remedy.steps.IsEmpty())
		return remedy.remark != nullptr ? as_remarked : no_safe_form;
	if (target.nullable_columns != NIL)
		return "its columns would have to be made NOT NULL first, which could not be undone";
	if (on_partitions && operation == Operation::add_constraint)
		return RewriteOnPartitions(runner, refused);
	return remedy.IsWhole() ? RewriteAsHinted(runner, refused, remedy) : no_safe_form;
}

// An index that mode rewrite is to build, as far as two sessions may ask for the same one.
struct SameBuild
{
	const char *definition = nullptr; // null: two sessions need not be kept apart
	bool named = false;               // PostgreSQL can tell that it is there already
};

SameBuild BuildOf(const Refused &refused)
{
	const Request &request = refused.first.request;
	if (request.attach != nullptr)
		return {psprintf("%u", Resolve(*request.alter->relation)), true};
	if (request.constraint != nullptr)
	{
		const IndexPlan plan = PlanForConstraint(request);
		return {psprintf("%s %s", plan.constraint, plan.definition),
				plan.name != nullptr || request.constraint->contype == CONSTR_PRIMARY};
	}
	if (request.create == nullptr)
		return {};
	const IndexStmt &create = *request.create;
	const CommandText text = FindCommand(refused.statement, Operation::create_index);
	const char *definition = text.found ? text.text + text.definition : nodeToString(&create);
	return {psprintf("%d %s", create.unique, definition), create.idxname != nullptr};
}

// Runs the safe form while no other session does the same.
RewriteResult RunAlone(const Runner &runner, const Refused &refused)
{
	const SameBuild build = BuildOf(refused);
	if (build.definition == nullptr)
	{
		const WhyNot why_not = RunSafeForm(runner, refused);
		return {why_not == nullptr ? Rewritten::yes : Rewritten::no, why_not};
	}
	const LOCKTAG &tag = *Make(RewriteLock(refused.first.target.table_id, build.definition));
	if (!TryToLock(tag))
	{
		if (!build.named)
			RaiseSameRewrite(HolderOf(tag), refused.first.target.table);
		TellSameRewrite(HolderOf(tag), refused.first.target.table);
		WaitUntilFree(tag, runner.context);
		return {Rewritten::waited, nullptr};
	}
	WhyNot volatile why_not = nullptr;
	PG_TRY();
	{
		why_not = RunSafeForm(runner, refused);
	}
	PG_FINALLY();
	{
		Unlock(tag);
	}
	PG_END_TRY();
	return {why_not == nullptr ? Rewritten::yes : Rewritten::no, why_not};
}

} // namespace

RewriteResult Rewrite(const psi_call &call, const Judgments &judgments,
					  const StatementText &statement, const Settings &settings,
					  const BuildOptions &options)
{
	if (!judgments.items[0].request.IsAlone())
		return {Rewritten::no, "several subcommands could not be undone if one of them failed"};
	if (judgments.FirstViolation().request.drop != nullptr)
		return {Rewritten::no, "it drops more than indexes"};
	BuildOptions of_steps = options;
	of_steps.drop_failed = true;
	of_steps.told = MakeTold();
	const Runner runner{call, settings, of_steps, CurrentMemoryContext};
	const RewriteResult result =
		RunAlone(runner, {judgments, judgments.FirstViolation(), statement});
	// The portal's own snapshot went with its transaction: nobody else would pop this one.
	if (result.what == Rewritten::yes && ActiveSnapshotSet())
		PopActiveSnapshot();
	return result;
}

} // namespace psi
