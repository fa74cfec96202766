// relation: names, facts and sizes of single relations.
//
// Reads the system caches and never waits for a lock. A relation is opened only under a lock that
// this transaction holds already or gets at once; the latter is released again. A relation that
// does not exist any more is an empty result, not an error. Raises nothing but out of memory and
// errors in reading files, except in Resolve().
#pragma once

#include <cstdint>
#include <optional>

#include "pg/postgres.hpp"

namespace psi
{

// The name of a relation, in the current memory context.
struct RelationName
{
	const char *schema = nullptr;
	const char *name = nullptr;
	bool visible = false; // the search path finds the relation by its bare name

	// For a message: with the schema unless visible, not quoted. Allocates.
	const char *Shown() const;
	// For a command: with the schema unless visible, quoted where necessary. Allocates.
	const char *Quoted() const;
};

// The columns of pg_class that are needed.
struct ClassRow
{
	Oid id = InvalidOid;
	Oid schema = InvalidOid;
	NameData name{};
	char kind = 0;             // RELKIND_...
	char persistence = 0;      // RELPERSISTENCE_...
	bool is_partition = false; // a table attached to a partitioned table, or an index to an index
	bool is_system = false;    // a system catalog, a TOAST table, or an index of one
							   // (IsSystemClass())
	bool is_catalog = false;   // a system catalog, its TOAST table, or an index of one: there is no
							   // concurrent form for these (IsCatalogRelationOid())
	Oid toast = InvalidOid;    // its TOAST table
};

// Returns the OID of the relation with this name, or InvalidOid. Takes no lock. Raises what
// RangeVarGetRelidExtended() raises: no permission on the schema, another database.
Oid Resolve(const RangeVar &name);

// Converts a row of pg_class that the caller has read.
ClassRow RowOf(Form_pg_class form);

// Reads the row of a relation from the system cache.
std::optional<ClassRow> ReadClass(Oid relation);

// Returns the name of a relation. Allocates.
RelationName NameOf(const ClassRow &row);

// Returns the name of a relation, always shown and quoted with the schema. Allocates.
RelationName QualifiedNameOf(const ClassRow &row);

// Returns the name of a relation that will be created in the schema of `sibling`. Allocates.
RelationName NameBeside(const RelationName &sibling, const char *name);

// Was the relation created in the current transaction, in a subtransaction that has not been rolled
// back? Reads rd_createSubid (rel.h). The xmin of the row of pg_class does not answer this, because
// every ALTER TABLE writes a new row.
bool IsCreatedHere(Oid relation);

// Returns the owner of the relation, or InvalidOid if it is gone.
Oid OwnerOf(Oid relation);

// Is this role itself the owner of the relation, rather than a member of the owner? False for a
// relation that is gone.
bool IsOwner(Oid relation, Oid role);

// The columns of pg_attribute that are needed.
struct ColumnRow
{
	NameData name{};
	Oid type = InvalidOid;
	std::int32_t typmod = -1;
	Oid collation = InvalidOid;
	bool is_virtual = false; // generated, without storage
};

// Reads the row of a column from the system cache. Nothing if it is dropped.
std::optional<ColumnRow> ReadColumn(Oid relation, AttrNumber number);

// Returns the size of the main fork in bytes. The size comes from the files, since
// pg_class.relpages is 0 or -1 for a table that was never analyzed. Nothing if the relation cannot
// be opened because another session has locked it or waits for a lock on it, or if Citus manages
// it: then its rows are elsewhere.
std::optional<std::int64_t> MainForkSize(Oid relation);

// Calls `use(Relation)` with the relation opened under ACCESS SHARE, if this transaction holds that
// or a stronger lock or gets it at once. Otherwise, or if the relation is gone, returns false.
template <typename Use> bool WithRelationAtOnce(Oid relation, Use use)
{
	// ConditionalLockRelationOid() also fails if another session waits for a conflicting lock, even
	// when this transaction already holds a sufficient one.
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
