// run_command: what exec_simple_query() does with one command, without the portal.
#include "execute/run_command.hpp"

#include "catalog/find_target.hpp"
#include "execute/parse_command.hpp"
#include "pg/node.hpp"
#include "statement/request.hpp"

namespace psi
{

namespace
{

// The table whose lock a concurrent command waits for first; InvalidOid if there is no single one.
Oid LockedFirst(const Request &request)
{
	if (request.create != nullptr)
		return Resolve(*request.create->relation);
	const RangeVar *name =
		request.dropped != NIL ? makeRangeVarFromNameList(request.dropped) : request.name;
	if (name == nullptr)
		return InvalidOid;
	const Oid relation = Resolve(*name);
	const Oid table = OidIsValid(relation) ? IndexGetRelation(relation, true) : InvalidOid;
	return OidIsValid(table) ? table : relation;
}

} // namespace

void LockBeforeSnapshot(Oid table, Oid index)
{
	if (OidIsValid(table) && OwnsRelation(table, GetUserId()))
	{
		// A look into the catalogs may have left one that holds back others as well.
		InvalidateCatalogSnapshot();
		LockRelationOid(table, ShareUpdateExclusiveLock);
		if (OidIsValid(index))
			LockRelationOid(index, ShareUpdateExclusiveLock);
	}
	PushActiveSnapshot(GetTransactionSnapshot());
}

void RunLocked(const Runner &runner, const psi_call &call)
{
	const Requests requests = AskedFor(call.statement->utilityStmt);
	const Request &request = requests.First();
	const Target target = Look(request, Circumstances{});
	RunConcurrently(call, DescribeConcurrent(request, target), runner.options, runner.settings);
}

void RunCommand(const Runner &runner, const char *command)
{
	// The commit may free the memory that the text is in.
	const char *text = MemoryContextStrdup(runner.context, command);
	CommitAndBeginWithoutSnapshot(runner.context);
	const auto run = [&]
	{
		const psi_call call = CallInPlaceOf(runner.call, text);
		const Requests requests = AskedFor(call.statement->utilityStmt);
		if (requests.Count() == 1 && requests.First().concurrently)
		{
			LockBeforeSnapshot(LockedFirst(requests.First()));
			RunLocked(runner, call);
			return;
		}
		// VALIDATE CONSTRAINT takes the same lock.
		const auto *alter = IfA<AlterTableStmt>(call.statement->utilityStmt);
		LockBeforeSnapshot(alter != nullptr ? Resolve(*alter->relation) : InvalidOid);
		call.go_on(&call);
	};
	InOwnContext(runner.context, run);
}

void RunStep(const Runner &runner, const Step &step)
{
	if (!step.IsBounded())
	{
		RunCommand(runner, step.text->data);
		return;
	}
	const LockLimit limit{runner.options.lock_timeout, runner.options.lock_attempts};
	RunBounded(runner.call, runner.context, limit, step.locks,
			   MemoryContextStrdup(runner.context, step.text->data));
}

} // namespace psi
