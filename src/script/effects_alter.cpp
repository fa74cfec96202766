// effects_alter: ALTER TABLE, RENAME, DROP.
#include "catalog/partitions.hpp"
#include "pg/list.hpp"
#include "script/columns.hpp"
#include "script/effects_internal.hpp"

namespace psi
{

namespace
{

bool HasColumn(const State &state, const RelationFact &table, const char *name)
{
	return LookUpColumn(state, table, name).presence == Presence::there;
}

void DropConstraint(State &state, RelationFact &table, const char *name)
{
	const Found index = FindIn(state, table.schema, name);
	if (index.Is() && index.fact.kind == RelationKind::index && index.fact.table == table.number)
	{
		RemoveRelation(state, index.fact);
		table.made_indexes = FactOf(state, table.number).made_indexes;
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
	fact.detached = true;
	state.Put(fact);
}

// ADD CONSTRAINT ... USING INDEX: the index belongs to the constraint now, and has its name.
void UseIndex(State &state, RelationFact &table, const Constraint &constraint)
{
	const Found index = FindIn(state, table.schema, constraint.indexname);
	if (!index.Is() || index.fact.table != table.number)
	{
		table.unclear_indexes = true;
		return;
	}
	RelationFact fact = index.fact;
	fact.constraint = true;
	fact.primary = constraint.contype == CONSTR_PRIMARY;
	table.primary = table.primary || fact.primary;
	state.Put(fact);
	if (constraint.conname != nullptr && strcmp(constraint.conname, fact.name) != 0)
		MoveRelation(state, fact, fact.schema, constraint.conname);
}

void SetNullable(State &state, const RelationFact &table, const char *name, bool nullable)
{
	const KnownColumn column = LookUpColumn(state, table, name);
	if (column.presence != Presence::there)
		return;
	ColumnFact fact{false, false, nullptr, column.live_type, nullable};
	if (column.fact != nullptr)
	{
		fact = *column.fact;
		fact.nullable = nullable;
	}
	state.PutColumn(table.number, name, fact);
	NoteChildren(state, table);
}

// The new owner, if there is such a role.
void ChangeOwner(RelationFact &table, const RoleSpec &role)
{
	const Oid owner = get_rolespec_oid(&role, true);
	if (OidIsValid(owner))
		table.owner = owner;
	else
		table.unclear = table.unclear || !superuser();
}

// Changes `table`, which the caller writes.
void ApplySubcommand(State &state, RelationFact &table, const AlterTableCmd &command, bool only)
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
		state.PutColumn(table.number, command.name, {true, only, nullptr, InvalidOid, false});
		NoteChildren(state, table);
		break;
	case AT_AlterColumnType:
		state.PutColumn(
			table.number, command.name,
			{false, only, As<const ColumnDef>(command.def)->typeName, InvalidOid, true});
		NoteChildren(state, table);
		break;
	case AT_SetNotNull:
	case AT_DropNotNull:
		SetNullable(state, table, command.name, command.subtype == AT_DropNotNull);
		break;
	case AT_AddConstraint:
	{
		const auto *constraint = As<const Constraint>(command.def);
		// The index gets the name of the constraint.
		if (constraint->indexname != nullptr)
			UseIndex(state, table, *constraint);
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
		ChangeOwner(table, *command.newowner);
		break;
	case AT_AddInherit:
	case AT_DropInherit:
		table.unclear = true;
		table.detached = true;
		break;
	default:
		break;
	}
}

// PostgreSQL drops what is below it along with it: names are looked up accordingly.
void RemoveTable(State &state, const RelationFact &table)
{
	RemoveRelation(state, table);
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
	const KnownColumn known = LookUpColumn(state, found.fact, rename.subname);
	if (known.presence == Presence::missing)
		return;
	const bool only = !rename.relation->inh;
	ColumnFact column{false, only, nullptr, known.live_type, true};
	if (known.fact != nullptr)
		column = *known.fact;
	column.only = only;
	state.PutColumn(found.number, rename.subname, {true, only, nullptr, InvalidOid, false});
	state.PutColumn(found.number, rename.newname, column);
	NoteChildren(state, found.fact);
}

// ALTER INDEX ... ATTACH PARTITION: the index cannot be dropped by itself any more.
void AttachIndexes(State &state, const AlterTableStmt &alter)
{
	for (const AlterTableCmd *command : Each<const AlterTableCmd>(alter.cmds))
	{
		if (command->subtype != AT_AttachPartition)
			continue;
		const Found index = FindRelation(state, *As<const PartitionCmd>(command->def)->name);
		if (!index.Is())
			continue;
		RelationFact fact = index.fact;
		fact.attached = true;
		state.Put(fact);
	}
}

} // namespace

void ApplyAlterTable(State &state, const AlterTableStmt &alter)
{
	const Found found = FindRelation(state, *alter.relation);
	if (!found.Is())
		return;
	// What is done to an index changes none of its names.
	if (found.fact.kind == RelationKind::index)
		AttachIndexes(state, alter);
	if (found.fact.kind == RelationKind::index || found.fact.kind == RelationKind::other)
		return;
	RelationFact table = found.fact;
	for (const AlterTableCmd *command : Each<const AlterTableCmd>(alter.cmds))
		ApplySubcommand(state, table, *command, !alter.relation->inh);
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
