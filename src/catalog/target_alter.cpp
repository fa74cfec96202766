// target_alter: ALTER TABLE ... ADD UNIQUE, PRIMARY KEY, EXCLUDE, as constraint or with a column.
#include "catalog/target_parts.hpp"

namespace psi
{

namespace
{

bool AllColumnsExist(const Request &request, const List *names, Oid table)
{
	for (int i = 0; i < list_length(names); ++i)
	{
		const char *name = strVal(list_nth(names, i));
		if (get_attnum(table, name) <= 0 && !request.summary->AddsColumn(name))
			return false;
	}
	return true;
}

// False for a column that does not exist: one that the same command adds says itself what it is.
bool IsNullable(Oid table, const char *column)
{
	const HeapTuple tuple = SearchSysCacheAttName(table, column);
	if (!HeapTupleIsValid(tuple))
		return false;
	const bool nullable = !reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple))->attnotnull;
	ReleaseSysCache(tuple);
	return nullable;
}

// One whose index is invalid, since the partitions lack theirs, is one that mode rewrite goes on
// with. rd_pkindex is set for it from 18 on.
bool HasPrimaryKey(Oid table)
{
	bool has = false;
	WithRelationAtOnce(table,
					   [&has](Relation opened)
					   {
						   // It fills in rd_pkindex.
						   list_free(RelationGetIndexList(opened));
						   has = OidIsValid(opened->rd_pkindex) &&
								 get_index_isvalid(opened->rd_pkindex);
					   });
	return has;
}

// Would PostgreSQL refuse the subcommand, whatever the guard says?
bool IsRefused(const Request &request, Oid table)
{
	const Constraint &constraint = *request.constraint;
	const auto *command =
		static_cast<const AlterTableCmd *>(list_nth(request.alter->cmds, request.subcommand));
	// One that is there is passed over with IF NOT EXISTS, with its constraints.
	if (request.column != nullptr &&
		get_attnum(table, request.column->colname) != InvalidAttrNumber)
		return !command->missing_ok;
	if (constraint.contype == CONSTR_PRIMARY && HasPrimaryKey(table) &&
		!request.summary->drops_constraint)
		return true;
	// On a partitioned table it may be that of an earlier try, which mode rewrite goes on with.
	if (constraint.conname != nullptr && get_rel_relkind(table) == RELKIND_RELATION &&
		ConstraintNameIsUsed(CONSTRAINT_RELATION, table, constraint.conname) &&
		!request.summary->drops_constraint)
		return true;
	return !AllColumnsExist(request, constraint.keys, table) ||
		   !AllColumnsExist(request, constraint.including, table);
}

} // namespace

// RangeVarCallbackForAlterRelation(), ATExecAddColumn(), ATExecAddIndex() and DefineIndex().
Target LookAtAddConstraint(const Request &request, const Circumstances &circumstances)
{
	Target target{};
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
	// A constraint cannot reach into a foreign table: PostgreSQL refuses.
	if (target.set.foreign > 0)
		target.facts.resolves = false;
	// ADD COLUMN IF NOT EXISTS of one that does.
	target.facts.idle = request.column != nullptr &&
						get_attnum(table->id, request.column->colname) != InvalidAttrNumber;
	if (constraint.contype == CONSTR_PRIMARY)
	{
		List *nullable = NIL;
		for (int i = 0; i < list_length(constraint.keys); ++i)
		{
			char *column = strVal(list_nth(constraint.keys, i));
			if (IsNullable(table->id, column))
				nullable = lappend(nullable, column);
		}
		target.nullable_columns = nullable;
	}
	return target;
}

} // namespace psi
