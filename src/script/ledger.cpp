// ledger: one hash table and its log.
#include "script/ledger.hpp"

namespace psi
{

Key MakeKey(Space space, std::int64_t number, const char *first, const char *second)
{
	Key key;
	memset(&key, 0, sizeof(key));
	key.space = space;
	key.number = number;
	// Pads with zeros.
	namestrcpy(&key.first, first);
	namestrcpy(&key.second, second);
	return key;
}

Ledger::Ledger()
	: context(CurrentMemoryContext), entries(MakeHash<Entry>("pg_safe_index script", sizeof(Key)))
{
}

const void *Ledger::FindAny(const Key &key) const
{
	const auto *entry = static_cast<const Entry *>(hash_search(entries, &key, HASH_FIND, nullptr));
	return entry != nullptr ? entry->fact : nullptr;
}

void Ledger::PutAny(const Key &key, const void *fact)
{
	bool found = false;
	auto *entry = static_cast<Entry *>(hash_search(entries, &key, HASH_ENTER, &found));
	const MemoryContext caller = MemoryContextSwitchTo(context);
	log.Add({entry, found ? entry->fact : nullptr});
	MemoryContextSwitchTo(caller);
	entry->fact = fact;
}

void Ledger::Forget(const Key &key)
{
	if (FindAny(key) != nullptr)
		PutAny(key, nullptr);
}

void Ledger::UndoTo(int mark)
{
	// Entries of dynahash do not move.
	for (int i = log.Count() - 1; i >= mark; --i)
		log[i].entry->fact = log[i].before;
	log.Truncate(mark);
}

} // namespace psi
