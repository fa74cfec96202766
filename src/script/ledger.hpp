// ledger: what the statements of a script change, and how a rollback takes it back.
//
// A map from keys to facts. A fact never changes once it is written: a change writes a new one.
// Each write is logged with what it replaced, so that a rollback goes back to a mark. Time and
// memory are linear in the number of writes. Raises nothing but out of memory.
#pragma once

#include <cstdint>

#include "pg/array.hpp"
#include "pg/hash.hpp"

namespace psi
{

enum class Space : std::int64_t
{
	relation_at, // a name of a relation -> NameFact
	relation,    // a number of a relation -> RelationFact
	column,      // a number of a relation, a name of a column -> ColumnFact
	schema,      // a name of a schema -> SchemaFact
	type_at,     // a name of a type -> TypeFact
	doubt,       // a number of a Doubt -> DoubtFact
	setting,     // a name of a setting -> its value; number 1: SET LOCAL
};

// Compared byte by byte, so it is made by MakeKey() only.
struct Key
{
	Space space;
	std::int64_t number;
	NameData first;
	NameData second;
};

// The parts that a space has no use for are 0 and "".
Key MakeKey(Space space, std::int64_t number, const char *first = "", const char *second = "");

class Ledger
{
  public:
	// An empty one, in the current memory context, which has to outlive it.
	Ledger();

	// The fact, or null.
	template <typename Fact> const Fact *Find(const Key &key) const
	{
		return static_cast<const Fact *>(FindAny(key));
	}

	// Writes a copy of the fact.
	template <typename Fact> void Put(const Key &key, const Fact &fact)
	{
		const MemoryContext caller = MemoryContextSwitchTo(context);
		PutAny(key, Make(fact));
		MemoryContextSwitchTo(caller);
	}

	// Makes the key unknown again.
	void Forget(const Key &key);

	// Has anything been written that was not taken back?
	bool IsEmpty() const
	{
		return log.IsEmpty();
	}

	int Mark() const
	{
		return log.Count();
	}

	// Takes back all that was written since the mark.
	void UndoTo(int mark);

	// A copy of a string that lives as long as the ledger.
	const char *Keep(const char *text) const
	{
		return MemoryContextStrdup(context, text);
	}

  private:
	struct Entry
	{
		Key key;
		const void *fact;
	};
	struct Change
	{
		Entry *entry;
		const void *before;
	};

	const void *FindAny(const Key &key) const;
	void PutAny(const Key &key, const void *fact);

	MemoryContext context;
	HTAB *entries;
	Array<Change> log;
};

} // namespace psi
