// index_name: the names that PostgreSQL chooses for indexes and their constraints.
//
// Reads the system caches and pg_constraint. Takes no lock on a table. Raises nothing but out of
// memory.
#pragma once

#include "catalog/relation.hpp"

namespace psi
{

// Returns the names of an index's columns, included ones too, joined with underscores. A name that
// occurs twice gets a number. Allocates.
const char *JoinColumnNames(const IndexStmt &create);

// The names that commands which are still to be run will have given to indexes by then.
class GivenNames
{
  public:
	// Nobody else may choose this name. Allocates.
	void Add(Oid schema, const char *name);
	// A command before them takes the name away from what has it now. Allocates.
	void AddFreed(Oid schema, const char *name);
	// Has the name been given?
	bool Has(Oid schema, const char *name) const;
	// Will it be free, unless it has been given?
	bool IsFreed(Oid schema, const char *name) const;
	// The number with which a search for a free name goes on, 0 at first: the numbers below it are
	// taken, and stay so. `first` is the name without a number. Allocates.
	int &NextNumber(Oid schema, const char *first);

  private:
	struct Name;
	Name &Find(Oid schema, const char *name);
	const Name *FindIfThere(Oid schema, const char *name) const;

	HTAB *names = nullptr; // made when the first one is added
};

// Returns the name that DefineIndex() would choose (ChooseIndexName(), ChooseRelationName()):
// table, columns and label, with a number if that is taken or has been given. The label is "idx",
// "key" or "pkey"; a name with "pkey" has no columns, so `columns` is null then. Allocates.
const char *ChooseIndexName(const RelationName &table, Oid schema, const char *columns,
							const char *label, GivenNames &given);

// Returns the name that ChooseConstraintName() would choose for a constraint without an index:
// table, columns and label, with a number if another constraint in the schema has that name or will
// have been given it. `columns` may be null. Allocates.
const char *ChooseFreeConstraintName(const RelationName &table, Oid schema, const char *columns,
									 const char *label, GivenNames &given);

} // namespace psi
