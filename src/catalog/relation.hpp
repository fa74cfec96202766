// relation: one relation, looked at without waiting.
//
// Reads the system caches; opens a relation only under a lock that this transaction holds already
// or that can be had at once, and gives it back. A relation that is gone is an empty answer, not an
// error.
#pragma once

#include <cstdint>
#include <optional>

#include "pg/postgres.hpp"

namespace psi
{

// The name of a relation, in the current memory context.
struct RelationName
{
	const char *schema;
	const char *name;
	bool visible; // the search path finds it by its bare name

	// For a message: schema-qualified unless visible, not quoted. Allocates.
	const char *Shown() const;
	// For a command: the same, quoted where it has to be. Allocates.
	const char *Quoted() const;
};

// What is needed of a row of pg_class.
struct ClassRow
{
	Oid id;
	Oid schema;
	NameData name;
	char kind;         // RELKIND_...
	char persistence;  // RELPERSISTENCE_...
	bool is_partition; // a table that is attached to a partitioned one, or an index to an index
	bool is_system;    // a system catalog, a TOAST table, or an index of one (IsSystemClass())
};

// What is needed of a row that is at hand.
ClassRow RowOf(Form_pg_class form);

// The row of a relation, from the system cache.
std::optional<ClassRow> ReadClass(Oid relation);

// The name of a relation. Allocates.
RelationName NameOf(const ClassRow &row);

// The same, to be shown and quoted with the schema whatever the search path. Allocates.
RelationName QualifiedNameOf(const ClassRow &row);

// The name of a relation that is yet to be created in the schema of `sibling`. Allocates.
RelationName NameBeside(const RelationName &sibling, const char *name);

// Was the relation created in the current transaction, in any subtransaction that is still in
// force? Asks rd_createSubid (rel.h); the xmin of the catalog row would not do, since any ALTER
// TABLE moves it.
bool IsCreatedHere(Oid relation);

// Is it this very role that owns the relation? False for one that is gone.
bool IsOwner(Oid relation, Oid role);

// Bytes in the main fork, from the files: pg_class.relpages is 0 or -1 for a table never analyzed.
// Nothing if another session's lock, or its wait for one, keeps us from opening the relation.
std::optional<std::int64_t> MainForkSize(Oid relation);

// Calls `use` with the relation opened under ACCESS SHARE, if this transaction holds that or a
// stronger lock, or it can be had at once; else returns false.
template <typename Use> bool WithRelationAtOnce(Oid relation, Use use)
{
	// ConditionalLockRelationOid() fails for a conflicting lock that is only waited for, too: even
	// if this transaction holds one that would do.
	const bool ours = HoldsRelationLock(relation, AccessShareLock, true);
	if (!ours && !ConditionalLockRelationOid(relation, AccessShareLock))
		return false;
	const Relation opened = try_relation_open(relation, NoLock);
	if (opened != nullptr)
	{
		use(opened);
		relation_close(opened, NoLock);
	}
	if (!ours)
		UnlockRelationOid(relation, AccessShareLock);
	return opened != nullptr;
}

} // namespace psi
