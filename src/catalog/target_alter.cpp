// target_alter: ALTER TABLE ... ADD UNIQUE, PRIMARY KEY or EXCLUDE, as a table constraint or with a
// column.
#include "catalog/catalog_scan.hpp"
#include "catalog/target_commands.hpp"
#include "pg/list.hpp"

namespace psi
{

namespace
{

// Does the table have all these columns, or does the command add them?
bool AllColumnsExist(const Request &request, const List *names, Oid table)
{
	for (const String *name : Each<const String>(names))
	{
		if (get_attnum(table, name->sval) <= 0 && !request.summary->AddsColumn(name->sval))
			return false;
	}
	return true;
}

// False for a column that does not exist: the command itself says whether a column that it adds is
// NOT NULL.
bool IsNullable(Oid table, const char *column)
{
	const HeapTuple tuple = SearchSysCacheAttName(table, column);
	if (!HeapTupleIsValid(tuple))
		return false;
	const bool nullable = !FormOf<Form_pg_attribute>(tuple)->attnotnull;
	ReleaseSysCache(tuple);
	return nullable;
}

// Does the table have a primary key with a valid index? If the index is invalid because partitions
// lack theirs, an earlier command in mode rewrite began it, and the next one completes it. From 18
// on, rd_pkindex is set for an invalid index as well.
bool HasPrimaryKey(Oid table)
{
	bool has = false;
	const auto read = [&has](Relation opened)
	{
		// RelationGetIndexList() sets rd_pkindex.
		list_free(RelationGetIndexList(opened));
		has = OidIsValid(opened->rd_pkindex) && get_index_isvalid(opened->rd_pkindex);
	};
	WithRelationAtOnce(table, read);
	return has;
}

// Will PostgreSQL itself refuse the subcommand?
bool IsRefused(const Request &request, Oid table)
{
	const Constraint &constraint = *request.constraint;
	const auto *command =
		static_cast<const AlterTableCmd *>(list_nth(request.alter->cmds, request.subcommand));
	// ADD COLUMN IF NOT EXISTS skips an existing column together with its constraints.
	if (request.column != nullptr &&
		get_attnum(table, request.column->colname) != InvalidAttrNumber)
		return !command->missing_ok;
	if (constraint.contype == CONSTR_PRIMARY && HasPrimaryKey(table) &&
		!request.summary->drops_constraint)
		return true;
	// On a partitioned table, the constraint may be that of an earlier command in mode rewrite,
	// which this one completes.
	if (constraint.conname != nullptr && get_rel_relkind(table) == RELKIND_RELATION &&
		ConstraintNameIsUsed(CONSTRAINT_RELATION, table, constraint.conname) &&
		!request.summary->drops_constraint)
		return true;
	return !AllColumnsExist(request, constraint.keys, table) ||
		   !AllColumnsExist(request, constraint.including, table);
}

} // namespace

// Follows RangeVarCallbackForAlterRelation(), ATExecAddColumn(), ATExecAddIndex() and
// DefineIndex().
Target LookAtAddConstraint(const Request &request, const Circumstances &circumstances)
{
	Target target;
	const Constraint &constraint = *request.constraint;
	const auto table = ReadClass(Resolve(*request.name));
	if (!table.has_value() ||
		(table->kind != RELKIND_RELATION && table->kind != RELKIND_PARTITIONED_TABLE))
	{
		target.ends_command = true;
		return target;
	}
	target.facts.permitted =
		OwnsRelation(table->id, GetUserId()) && MayCreateIn(table->schema, GetUserId());
	target.facts.resolves = !target.facts.permitted || !IsRefused(request, table->id);
	if (!target.facts.permitted || !target.facts.resolves)
	{
		target.ends_command = true;
		return target;
	}

	DescribeTable(*table, !request.name->inh, circumstances, target);
	// PostgreSQL refuses such a constraint if a partition is a foreign table.
	if (target.set.foreign > 0)
		target.facts.resolves = false;
	// ADD COLUMN IF NOT EXISTS with an existing column does nothing.
	target.facts.idle = request.column != nullptr &&
						get_attnum(table->id, request.column->colname) != InvalidAttrNumber;
	if (constraint.contype == CONSTR_PRIMARY)
	{
		List *nullable = NIL;
		for (const String *column : Each<const String>(constraint.keys))
		{
			if (IsNullable(table->id, column->sval))
				nullable = lappend(nullable, column->sval);
		}
		target.nullable_columns = nullable;
	}
	return target;
}

} // namespace psi
