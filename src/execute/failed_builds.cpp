// failed_builds: finds them by name and definition.
#include "execute/failed_builds.hpp"

#include "catalog/activity.hpp"
#include "catalog/index_match.hpp"
#include "catalog/index_name.hpp"
#include "catalog/relation.hpp"
#include "execute/drop_index.hpp"
#include "message/build_message.hpp"
#include "pg/array.hpp"
#include "pg/list.hpp"

namespace psi
{

void DropFailedBuild(const Runner &runner, Oid index)
{
	const auto found = ReadInvalidIndex(index);
	if (!found.has_value() || AtWorkOn(index, found->table_id).doing != Doing::nothing)
		return;
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
			AddHint(*error, HintForLeftovers(&invalid, 1, 0, nullptr));
		}
		ReThrowError(error);
	}
	PG_END_TRY();
	CommitAndBegin(runner.context);
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
