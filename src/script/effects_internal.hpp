// effects_internal: what the effects_* files share. For this folder only.
#pragma once

#include "script/effects.hpp"
#include "script/names.hpp"
#include "statement/request.hpp"

namespace psi
{

// Adds a new relation. Returns its number, or 0 if there is one of that name already.
std::int64_t AddRelation(State &state, const RangeVar &name, RelationKind kind, bool if_not_exists);

// Adds the index of a table. Without a name, PostgreSQL chooses one that is not known then.
void AddIndex(State &state, RelationFact &table, const char *name, bool constraint, bool primary);

// Adds the indexes that constraints (Constraint) build, and notes a primary key of the table, which
// the caller writes. `column`: they stand with that column.
void AddIndexesOf(State &state, RelationFact &table, const List *constraints, const char *column);

void AddColumn(State &state, RelationFact &table, const ColumnDef &column);

// The columns of a child follow those of its parent: says so if the relation has children.
void NoteChildren(State &state, const RelationFact &fact);

// A relation is gone, or has other names.
void RemoveRelation(State &state, RelationFact fact);
void MoveRelation(State &state, RelationFact fact, const char *schema, const char *name);

// In effects_create, and in effects_alter.
void ApplyCreateTable(State &state, const CreateStmt &create);
void ApplyAlterTable(State &state, const AlterTableStmt &alter);
void ApplyRename(State &state, const RenameStmt &rename);
void ApplyDrop(State &state, const DropStmt &drop);

} // namespace psi
