// state: where a script stands: its transaction, and what it has changed so far.
//
// Plain data. Raises nothing but out of memory.
#pragma once

#include "script/ledger.hpp"

namespace psi
{

enum class RelationKind
{
	table, // materialized views, too
	partitioned_table,
	index,
	other, // has no index
};

// A relation that the script has made or changed. One that was there before has its OID as its
// number, one that the script makes a number below 0.
struct RelationFact
{
	std::int64_t number = 0;
	RelationKind kind = RelationKind::other;
	const char *schema = nullptr; // the present names
	const char *name = nullptr;
	bool gone = false;
	bool temporary = false;
	bool materialized = false;    // a materialized view
	bool constraint = false;      // an index that belongs to a constraint
	bool attached = false;        // an index that the script attaches to another
	bool primary = false;         // ... a primary key; a table to which the script adds one
	bool unclear = false;         // changed in a way that is not followed
	bool unclear_indexes = false; // so are its indexes
	bool has_columns = false;     // made by the script, and all its columns are known
	bool detached = false;        // from its parent
	bool dropped_at_end = false;  // ON COMMIT DROP
	int created = 0;              // the number of the transaction; 0: before the script
	int leaves = 0;               // leaf partitions that the script has made
	int first_leaf = 0;           // the transaction of the first of them
	Oid owner = InvalidOid;       // of a relation that the script makes or gives away
	std::int64_t table = 0;       // index: the number of its table; child, partition: of its parent
	std::int64_t like = 0;        // the number of the table that LIKE names
	int depth = 0;        // how many parents it has above it, as far as the script makes them
	int made_indexes = 0; // those of a table that the script has made
	const IndexStmt *create = nullptr; // an index: what the script has made it with

	bool IsLive() const
	{
		return number > 0;
	}
	Oid Id() const
	{
		return IsLive() ? static_cast<Oid>(number) : InvalidOid;
	}
};

// A name that a relation has got or lost. 0: there is no relation of that name any more.
struct NameFact
{
	std::int64_t relation;
};

struct ColumnFact
{
	bool gone;
	bool only;            // the command spares the children of the table
	const TypeName *type; // null: not known
	Oid live_type;        // of a column that was there before and is renamed
	bool nullable;
};

// A type that the script has made.
struct TypeFact
{
	Oid like; // the type or pseudotype with the same operator classes. Invalid: not known
};

// A schema that the script has made or dropped.
struct SchemaFact
{
	bool exists;
	std::int64_t since; // State::last_made at that moment: what is in it was made later
};

// What is not known any more after a statement that cannot be followed.
enum class Doubt
{
	names,      // which indexes there are that the script does not name
	rights,     // what a role may do that it may not do now
	sizes,      // how large tables are
	everything, // what code that is not in the script has done
	session,    // the role, or how the script is read: every verdict depends on it
	read_only,  // until the transaction ends: whether it is a read-only one
	parents,    // what tables with children or partitions hand down to these: it is looked up
};

struct DoubtFact
{
	int statement;
	const char *command; // its name: "DO"
};

struct Savepoint
{
	const char *name;
	int mark;
};

struct State
{
	Ledger ledger;
	int statement = 0; // the number of the present statement
	const char *command = "";
	int transaction = 1;
	bool in_block = false;
	int block_mark = 0; // where the ledger stood when the block began
	Array<Savepoint> savepoints;
	std::int64_t last_made = 0; // the number of the relation that was made last

	void Put(RelationFact fact)
	{
		fact.schema = ledger.Keep(fact.schema);
		fact.name = ledger.Keep(fact.name);
		ledger.Put(MakeKey(Space::relation, fact.number), fact);
	}
	const RelationFact *FindRelation(std::int64_t number) const
	{
		return ledger.Find<RelationFact>(MakeKey(Space::relation, number));
	}
	const ColumnFact *FindColumn(std::int64_t relation, const char *column) const
	{
		return ledger.Find<ColumnFact>(MakeKey(Space::column, relation, column));
	}
	void PutColumn(std::int64_t relation, const char *column, const ColumnFact &fact)
	{
		ledger.Put(MakeKey(Space::column, relation, column), fact);
	}
	void PutName(const char *schema, const char *name, std::int64_t relation)
	{
		ledger.Put(MakeKey(Space::relation_at, 0, schema, name), NameFact{relation});
	}
	const DoubtFact *Find(Doubt doubt) const
	{
		return ledger.Find<DoubtFact>(MakeKey(Space::doubt, static_cast<int>(doubt)));
	}
	// The present statement is the reason, unless an earlier one is.
	void Add(Doubt doubt)
	{
		if (Find(doubt) == nullptr)
			ledger.Put(MakeKey(Space::doubt, static_cast<int>(doubt)),
					   DoubtFact{statement, command});
	}
};

} // namespace psi
