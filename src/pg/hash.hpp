// hash: PostgreSQL's hash tables (dynahash.c), as sets and maps by a key of fixed size or a name.
#pragma once

#include "pg/postgres.hpp"

namespace psi
{

// A new hash table in the current memory context. An entry begins with its key of `key_size` bytes;
// without a size the entry is all key, which makes a set. `kind`: HASH_BLOBS, or HASH_STRINGS for
// keys that are NUL-terminated. Raises nothing but out of memory.
template <typename Entry>
HTAB *MakeHash(const char *name, Size key_size = sizeof(Entry), int kind = HASH_BLOBS)
{
	constexpr long first_size = 64;
	HASHCTL control{};
	control.keysize = key_size;
	control.entrysize = sizeof(Entry);
	control.hcxt = CurrentMemoryContext;
	return hash_create(name, first_size, &control, HASH_ELEM | HASH_CONTEXT | kind);
}

// Names that the parser has cut to less than NAMEDATALEN bytes.
class NameSet
{
  public:
	// Allocates.
	void Add(const char *name)
	{
		if (names == nullptr)
			names = MakeHash<NameData>("pg_safe_index names", NAMEDATALEN, HASH_STRINGS);
		hash_search(names, name, HASH_ENTER, nullptr);
	}
	bool Has(const char *name) const
	{
		return names != nullptr && hash_search(names, name, HASH_FIND, nullptr) != nullptr;
	}
	bool IsEmpty() const
	{
		return names == nullptr;
	}

  private:
	HTAB *names = nullptr; // made when the first one is added
};

} // namespace psi
