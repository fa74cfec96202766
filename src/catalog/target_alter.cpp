// target_alter: ALTER TABLE ... ADD UNIQUE, PRIMARY KEY or EXCLUDE, as a table constraint or with a
// column.
#include "catalog/alter_refusal.hpp"
#include "catalog/index.hpp"
#include "catalog/target_commands.hpp"
#include "pg/list.hpp"

namespace psi
{

namespace
{

// The key columns of an index (String). Allocates.
List *KeyColumnsOf(Oid index, Oid table)
{
	List *names = NIL;
	const auto read = [&](Relation opened)
	{
		for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(opened); ++i)
		{
			char *name = get_attname(table, opened->rd_index->indkey.values[i], true);
			if (name != nullptr)
				names = lappend(names, makeString(name));
		}
	};
	WithRelationAtOnce(index, read);
	return names;
}

// ADD PRIMARY KEY USING INDEX: nothing is built, but the table may have to be scanned for nulls.
void DescribeUsedIndex(const Request &request, const ClassRow &table, bool second_primary_key,
					   Target &target)
{
	const Oid id = get_relname_relid(request.constraint->indexname, table.schema);
	const auto index = ReadIndex(id);
	// The index gets the name of the constraint (RenameRelationInternal()).
	const char *name = request.constraint->conname;
	const Oid namesake = name != nullptr ? get_relname_relid(name, table.schema) : InvalidOid;
	const bool taken = OidIsValid(namesake) && namesake != id && !request.summary->drops_constraint;
	// ATExecAddIndexConstraint(), transformIndexConstraint() refuse anything else.
	target.facts.resolves = index.has_value() && index->table == table.id && index->valid &&
							index->unique && !OidIsValid(get_index_constraint(id)) &&
							table.kind == RELKIND_RELATION && !second_primary_key && !taken;
	target.ends_command = !target.facts.resolves;
	if (!target.facts.resolves)
		return;
	target.nullable_columns =
		ColumnsToScanForNulls(table.id, KeyColumnsOf(id, table.id), *request.summary);
	target.facts.idle = target.nullable_columns == NIL;
	target.scans = !target.facts.idle;
}

} // namespace

// Follows RangeVarCallbackForAlterRelation(), ATExecAddColumn(), ATExecAddIndex() and
// DefineIndex().
Target LookAtAddConstraint(const Request &request, const Circumstances &circumstances)
{
	Target target;
	const Constraint &constraint = *request.constraint;
	const auto table = ReadClass(Resolve(*request.name));
	target.ends_command = true;
	if (!table.has_value() ||
		(table->kind != RELKIND_RELATION && table->kind != RELKIND_PARTITIONED_TABLE))
		return target;
	target.facts.permitted =
		OwnsRelation(table->id, GetUserId()) && MayCreateIn(table->schema, GetUserId());
	target.facts.resolves = true;
	if (!target.facts.permitted)
		return target;

	// ADD COLUMN IF NOT EXISTS skips an existing column together with its constraints.
	const bool skipped = request.column != nullptr &&
						 get_attnum(table->id, request.column->colname) != InvalidAttrNumber &&
						 !request.summary->DropsColumn(request.column->colname);
	if (!skipped && !request.uses_index &&
		IsRefusedAtItsTurn(request, *table, circumstances.primary_key_before))
	{
		target.facts.resolves = false;
		return target;
	}
	target.ends_command = false;
	DescribeTable(*table, !request.name->inh, circumstances, target);
	if (request.uses_index)
	{
		DescribeUsedIndex(request, *table,
						  IsSecondPrimaryKey(request, *table, circumstances.primary_key_before),
						  target);
		return target;
	}
	target.facts.idle = skipped;
	if (constraint.contype == CONSTR_PRIMARY && !skipped)
		target.nullable_columns =
			ColumnsToScanForNulls(table->id, constraint.keys, *request.summary);
	// PostgreSQL refuses such a constraint when it comes to a partition that is a foreign table. If
	// there are others, it has built the index on some of them by then.
	if (target.set.foreign > 0 && !target.facts.only)
	{
		target.facts.resolves = target.facts.standing > 0;
		target.ends_command = true;
	}
	return target;
}

bool IsRefusedWhole(const Requests &requests)
{
	if (requests.IsEmpty() || requests.First().alter == nullptr ||
		requests.First().attach != nullptr)
		return false;
	const Request &request = requests.First();
	const auto table = ReadClass(Resolve(*request.name));
	return table.has_value() && OwnsRelation(table->id, GetUserId()) &&
		   IsRefusedAtOnce(request, *table);
}

} // namespace psi
