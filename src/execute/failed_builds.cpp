// failed_builds: finds them by name and definition.
#include "execute/failed_builds.hpp"

#include "catalog/activity.hpp"
#include "catalog/index_match.hpp"
#include "catalog/index_name.hpp"
#include "catalog/index_refusal.hpp"
#include "catalog/relation.hpp"
#include "execute/drop_index.hpp"
#include "message/build_message.hpp"
#include "pg/array.hpp"
#include "pg/list.hpp"
#include "pg/node.hpp"

namespace psi
{

bool DropFailedBuild(const Runner &runner, Oid index)
{
	const auto found = ReadInvalidIndex(index);
	if (!found.has_value() || found->is_shell ||
		AtWorkOn(index, found->table_id).doing != Doing::nothing)
		return false;
	InvalidIndex &invalid = *Make(*found);
	volatile bool begun = false;
	const auto name_if_left = [&]() -> const char *
	{
		if (!IsInvalidStill(invalid))
			return nullptr;
		begun = true;
		ereport(NOTICE,
				(errmsg("dropping index \"%s\", which an earlier build left behind, marked invalid",
						invalid.index.Shown())));
		return quote_qualified_identifier(invalid.index.schema, invalid.index.name);
	};
	PG_TRY();
	{
		// Like the build that comes next, the drop waits under a lock that blocks nobody's reads or
		// writes.
		DropConcurrently(runner.call, runner.context, invalid.table_id, 0, name_if_left);
	}
	PG_CATCH();
	{
		ErrorData *error = TakeError(runner.context);
		if (begun)
		{
			// DROP INDEX CONCURRENTLY may have committed that the index is not live any more.
			AbortAndBegin(runner.context);
			ReadAgain(&invalid, 1);
			AddHint(*error, HintForLeftovers(&invalid, 1, 0, nullptr, false));
		}
		ReThrowError(error);
	}
	PG_END_TRY();
	CommitAndBegin(runner.context);
	return true;
}

void DropLeftByReindex(const Runner &runner, Oid table, Oid except)
{
	const auto row = ReadClass(table);
	if (!row.has_value() || !OwnsRelation(table, GetUserId()))
		return;
	for (const Oid relation : {table, row->toast})
	{
		const auto indexed = ReadClass(relation);
		if (!indexed.has_value() || !MayUse(indexed->schema, GetUserId()))
			continue;
		for (const Oid index : EachOid(IndexesOf(relation)))
		{
			const auto invalid = ReadInvalidIndex(index);
			if (index != except && invalid.has_value() && IsLeftByReindex(*invalid))
				DropFailedBuild(runner, index);
		}
	}
}

namespace
{

// The invalid index that CREATE INDEX CONCURRENTLY would find under its name, and that it would
// build just so; InvalidOid if there is none, or PostgreSQL would refuse the command for another
// reason.
Oid FindFailedBuild(const IndexStmt &create, const char *command)
{
	const auto table = ReadClass(Resolve(*create.relation));
	if (!table.has_value() || (table->kind != RELKIND_RELATION && table->kind != RELKIND_MATVIEW) ||
		!OwnsRelation(table->id, GetUserId()) || !MayCreateIn(table->schema, GetUserId()) ||
		IsCreateRefused(create, *table))
		return InvalidOid;
	const auto invalid = FindInvalidIndex(table->schema, create.idxname);
	const bool is_ours = invalid.has_value() && !invalid->is_partition &&
						 !OidIsValid(get_index_constraint(invalid->id)) &&
						 IsSameIndex(invalid->id, create, table->id, command);
	return is_ours ? invalid->id : InvalidOid;
}

} // namespace

bool DropBeforeRetry(const psi_call &call, const Settings &settings, const BuildOptions &options)
{
	const auto *create = IfA<IndexStmt>(call.statement->utilityStmt);
	if (create == nullptr || !create->concurrent || create->idxname == nullptr || XactReadOnly)
		return false;
	const bool rewrites = IsAsked(settings) && settings.ModeInForce() == Mode::rewrite &&
						  settings.Checks(Operation::create_index);
	if (!options.drop_failed && (!rewrites || create->if_not_exists))
		return false;

	const MemoryContext caller = CurrentMemoryContext;
	const MemoryContext scratch =
		AllocSetContextCreate(PortalContext, "pg_safe_index", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(scratch);
	const Oid failed = FindFailedBuild(*create, call.query);
	const bool dropped =
		OidIsValid(failed) && DropFailedBuild({call, settings, options, scratch}, failed);
	// The caller's memory may have gone with the transaction.
	MemoryContextSwitchTo(dropped ? PortalContext : caller);
	MemoryContextDelete(scratch);
	return dropped;
}

bool PrepareToBuild(const Runner &runner, const IndexStmt &create, const char *command,
					bool any_name)
{
	const auto table = ReadClass(Resolve(*create.relation));
	if (!table.has_value())
		return false;
	// The name that PostgreSQL would choose first, whether or not it is taken.
	const char *name = create.idxname != nullptr
						   ? create.idxname
						   : makeObjectName(NameStr(table->name), JoinColumnNames(create), "idx");
	const Oid named = get_relname_relid(name, table->schema);

	for (const Oid index : EachOid(IndexesOf(table->id)))
	{
		const auto invalid = ReadInvalidIndex(index);
		if (invalid.has_value() && !invalid->is_partition && (any_name || index == named) &&
			IsSameIndex(index, create, table->id, command))
			DropFailedBuild(runner, index);
	}
	const auto row = ReadClass(named);
	return row.has_value() && row->kind == RELKIND_INDEX && !row->is_partition &&
		   !ReadInvalidIndex(named).has_value() && !OidIsValid(get_index_constraint(named)) &&
		   IsSameIndex(named, create, table->id, command);
}

} // namespace psi
