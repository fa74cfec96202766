// dry_run: CREATE TEMP TABLE ... (LIKE ...), CREATE INDEX on it, ROLLBACK.
#include "execute/dry_run.hpp"

#include "catalog/index.hpp"
#include "catalog/index_match.hpp"
#include "execute/postponed_index.hpp"
#include "pg/array.hpp"
#include "pg/node.hpp"
#include "plan/index_definition.hpp"

namespace psi
{

namespace
{

constexpr const char *copy_name = "pg_safe_index_dry_run";

// As ProcessUtilitySlow() runs the commands into which it has split one.
void RunDirectly(Node *statement, const char *query)
{
	auto *wrapper = makeNode(PlannedStmt);
	wrapper->commandType = CMD_UTILITY;
	wrapper->utilityStmt = statement;
	standard_ProcessUtility(wrapper, query, false, PROCESS_UTILITY_SUBCOMMAND, nullptr, nullptr,
							None_Receiver, nullptr);
	CommandCounterIncrement();
}

RangeVar *NameOfCopy()
{
	RangeVar *name = makeRangeVar(pstrdup("pg_temp"), pstrdup(copy_name), -1);
	name->relpersistence = RELPERSISTENCE_TEMP;
	return name;
}

// The columns alone. What else the table has, above all the expressions of generated columns, could
// bring functions of its owner that would run with the caller's rights.
void CreateCopy(const ClassRow &row)
{
	const RelationName table = QualifiedNameOf(row);
	auto *like = makeNode(TableLikeClause);
	like->relation =
		makeRangeVar(const_cast<char *>(table.schema), const_cast<char *>(table.name), -1);
	auto *create = makeNode(CreateStmt);
	create->relation = NameOfCopy();
	create->tableElts = list_make1(like);
	create->oncommit = ONCOMMIT_NOOP;
	RunDirectly(reinterpret_cast<Node *>(create), "");
	ATExecChangeOwner(RangeVarGetRelid(NameOfCopy(), NoLock, false), OwnerOf(row.id), true,
					  AccessExclusiveLock);
	CommandCounterIncrement();
}

// Returns what the index depends on.
Array<ObjectAddress> CreateIndexOnCopy(const IndexStmt &analyzed, Oid table, const char *query)
{
	const Oid copy = RangeVarGetRelid(NameOfCopy(), NoLock, false);
	const IndexStmt *mapped = MapToPartition(analyzed, table, copy);
	if (mapped == nullptr)
		return {};
	auto *create = const_cast<IndexStmt *>(mapped);
	create->relation = NameOfCopy();
	create->idxname = nullptr;
	create->if_not_exists = false;
	create->concurrent = false;
	// Temporary tables have a default of their own (temp_tablespaces).
	if (const Oid tablespace = GetDefaultTablespace(RELPERSISTENCE_PERMANENT, false);
		create->tableSpace == nullptr && OidIsValid(tablespace))
		create->tableSpace = get_tablespace_name(tablespace);
	RunDirectly(reinterpret_cast<Node *>(create), query);
	// The copy has no other index.
	return DependenciesOf(linitial_oid(IndexesOf(copy)));
}

// How far the attempt has come. Palloc'd: PG_CATCH needs it.
struct Attempt
{
	bool copied = false;
	Array<ObjectAddress> uses{};
	ErrorData *error = nullptr;
};

} // namespace

bool IsAboutCommand(const ErrorData &error)
{
	const int category = ERRCODE_TO_CATEGORY(error.sqlerrcode);
	return category != ERRCODE_OPERATOR_INTERVENTION &&
		   category != ERRCODE_INSUFFICIENT_RESOURCES &&
		   error.sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE &&
		   error.sqlerrcode != ERRCODE_T_R_DEADLOCK_DETECTED;
}

DryRun TryOut(const IndexStmt &create, const Target &target, const char *query)
{
	LockRelationOid(target.table_id, AccessShareLock);
	const auto definition = ReadDefinition(create, target, query);
	if (!definition.has_value())
		return {"the table is gone"};
	if (definition->whole_row)
		return {"an expression refers to the row as a whole"};
	if (UsesVirtualColumn(*definition->create, target.table_id))
		return {"an expression uses a generated column without storage"};

	const MemoryContext caller = CurrentMemoryContext;
	const ResourceOwner owner = CurrentResourceOwner;
	// PREPARE TRANSACTION refuses a transaction that has used temporary tables. Nothing is left of
	// this one.
	const int flags = MyXactFlags;
	Attempt &attempt = *Make(Attempt{});
	BeginInternalSubTransaction(nullptr);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		const auto row = ReadClass(target.table_id);
		if (row.has_value())
		{
			CreateCopy(*row);
			attempt.copied = true;
			attempt.uses = CreateIndexOnCopy(*definition->create, target.table_id, query);
		}
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		attempt.error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	MyXactFlags = flags;

	if (attempt.error == nullptr)
		return {nullptr, definition->create, attempt.uses};
	if (attempt.copied || !IsAboutCommand(*attempt.error))
		ReThrowError(attempt.error);
	return {psprintf("it could not be tried on an empty copy of the table: %s",
					 attempt.error->message)};
}

} // namespace psi
