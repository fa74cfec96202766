// effects_alter: ALTER TABLE, RENAME, DROP.
#include "catalog/partitions.hpp"
#include "pg/list.hpp"
#include "script/effects_internal.hpp"

namespace psi
{

namespace
{

bool HasColumn(const State &state, const RelationFact &table, const char *name)
{
	const ColumnFact *known = state.FindColumn(table.number, name);
	if (known != nullptr)
		return !known->gone;
	return table.IsLive() && get_attnum(table.Id(), name) != InvalidAttrNumber;
}

void DropConstraint(State &state, RelationFact &table, const char *name)
{
	const Found index = FindIn(state, table.schema, name);
	if (index.Is() && index.fact.kind == RelationKind::index && index.fact.table == table.number)
	{
		RemoveRelation(state, index.fact);
		table.primary = table.primary && !index.fact.primary;
	}
}

void AttachOrDetach(State &state, RelationFact &table, const PartitionCmd &command)
{
	table.unclear = true;
	if (command.name == nullptr)
		return;
	const Found partition = FindRelation(state, *command.name);
	if (!partition.Is())
		return;
	RelationFact fact = partition.fact;
	fact.unclear = true;
	state.Put(fact);
}

// Changes `table`, which the caller writes.
void ApplySubcommand(State &state, RelationFact &table, const AlterTableCmd &command)
{
	switch (command.subtype)
	{
	case AT_AddColumn:
	{
		const auto *column = As<const ColumnDef>(command.def);
		if (!HasColumn(state, table, column->colname))
			AddColumn(state, table, *column);
		break;
	}
	case AT_DropColumn:
		// Indexes go with the column.
		table.unclear_indexes = true;
		state.PutColumn(table.number, command.name, {true, nullptr, InvalidOid, false});
		break;
	case AT_AlterColumnType:
		state.PutColumn(table.number, command.name,
						{false, As<const ColumnDef>(command.def)->typeName, InvalidOid, true});
		break;
	case AT_AddConstraint:
	{
		const auto *constraint = As<const Constraint>(command.def);
		// The index gets the name of the constraint.
		if (constraint->indexname != nullptr)
			table.unclear_indexes = true;
		else
			AddIndexesOf(state, table, list_make1(const_cast<Constraint *>(constraint)), nullptr);
		break;
	}
	case AT_DropConstraint:
		DropConstraint(state, table, command.name);
		break;
	case AT_AttachPartition:
	case AT_DetachPartition:
		AttachOrDetach(state, table, *As<const PartitionCmd>(command.def));
		break;
	case AT_ChangeOwner:
		table.unclear = table.unclear || !superuser();
		break;
	case AT_AddInherit:
	case AT_DropInherit:
		table.unclear = true;
		break;
	default:
		break;
	}
}

// What refers to a partition below it, which PostgreSQL drops along with it.
void RemovePartitions(State &state, const RelationFact &table)
{
	const auto visit = [&state](const ClassRow &partition, Oid, int)
	{
		RemoveRelation(state, FactOf(state, partition.id));
		return Walk::into;
	};
	WalkPartitions(table.Id(), visit);
}

void RemoveTable(State &state, const RelationFact &table)
{
	RemoveRelation(state, table);
	if (table.kind == RelationKind::partitioned_table && table.IsLive())
		RemovePartitions(state, table);
	std::int64_t parent = table.kind == RelationKind::index ? 0 : table.table;
	if (table.IsLive() && table.kind != RelationKind::index)
	{
		const auto row = ReadClass(table.Id());
		if (row.has_value() && row->is_partition)
			parent = get_partition_parent(table.Id(), true);
	}
	if (parent == 0)
		return;
	RelationFact fact = FactOf(state, parent);
	fact.unclear = true;
	state.Put(fact);
}

void RenameColumn(State &state, const RenameStmt &rename)
{
	const Found found = FindRelation(state, *rename.relation);
	if (!found.Is())
		return;
	state.Put(found.fact);
	ColumnFact column{false, nullptr, InvalidOid, true};
	const ColumnFact *known = state.FindColumn(found.number, rename.subname);
	if (known != nullptr)
		column = *known;
	else if (found.fact.IsLive())
	{
		const AttrNumber number = get_attnum(found.fact.Id(), rename.subname);
		if (number == InvalidAttrNumber)
			return;
		column.live_type = get_atttype(found.fact.Id(), number);
	}
	state.PutColumn(found.number, rename.subname, {true, nullptr, InvalidOid, false});
	state.PutColumn(found.number, rename.newname, column);
}

} // namespace

void ApplyAlterTable(State &state, const AlterTableStmt &alter)
{
	const Found found = FindRelation(state, *alter.relation);
	if (!found.Is())
		return;
	// What is done to an index (ATTACH PARTITION, SET TABLESPACE) changes none of its names.
	if (found.fact.kind == RelationKind::index || found.fact.kind == RelationKind::other)
		return;
	RelationFact table = found.fact;
	for (const AlterTableCmd *command : Each<const AlterTableCmd>(alter.cmds))
		ApplySubcommand(state, table, *command);
	state.Put(table);
}

void ApplyRename(State &state, const RenameStmt &rename)
{
	switch (rename.renameType)
	{
	case OBJECT_TABLE:
	case OBJECT_INDEX:
	case OBJECT_VIEW:
	case OBJECT_MATVIEW:
	case OBJECT_FOREIGN_TABLE:
	case OBJECT_SEQUENCE:
	{
		const Found found = FindRelation(state, *rename.relation);
		if (found.Is())
			MoveRelation(state, found.fact, found.fact.schema, rename.newname);
		break;
	}
	case OBJECT_COLUMN:
		if (rename.relation != nullptr)
			RenameColumn(state, rename);
		break;
	case OBJECT_TABCONSTRAINT:
	{
		const Found table = FindRelation(state, *rename.relation);
		const Found index = table.Is() ? FindIn(state, table.fact.schema, rename.subname) : Found{};
		if (index.Is() && index.fact.table == table.number)
			MoveRelation(state, index.fact, index.fact.schema, rename.newname);
		break;
	}
	case OBJECT_SCHEMA:
		state.Add(Doubt::everything);
		state.ledger.Put(MakeKey(Space::schema, 0, rename.subname),
						 SchemaFact{false, state.last_made});
		break;
	case OBJECT_ROLE:
		state.Add(Doubt::rights);
		break;
	default:
		break;
	}
}

void ApplyDrop(State &state, const DropStmt &drop)
{
	switch (drop.removeType)
	{
	case OBJECT_TABLE:
	case OBJECT_INDEX:
	case OBJECT_VIEW:
	case OBJECT_MATVIEW:
	case OBJECT_FOREIGN_TABLE:
	case OBJECT_SEQUENCE:
		for (const List *name : Each<const List>(drop.objects))
		{
			const Found found = FindRelation(state, name);
			if (!found.Is())
				continue;
			RemoveTable(state, found.fact);
			// Children of a table that is no partitioned one.
			if (drop.behavior == DROP_CASCADE)
				state.Add(Doubt::everything);
		}
		break;
	case OBJECT_SCHEMA:
		for (const String *name : Each<const String>(drop.objects))
			state.ledger.Put(MakeKey(Space::schema, 0, name->sval),
							 SchemaFact{false, state.last_made});
		state.Add(Doubt::everything);
		break;
	default:
		if (drop.behavior == DROP_CASCADE || drop.removeType == OBJECT_EXTENSION)
			state.Add(Doubt::everything);
		break;
	}
}

} // namespace psi
