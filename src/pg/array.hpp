// array: arrays that grow, and single objects, in PostgreSQL's memory.
//
// Memory goes with its memory context: there is no destructor to miss when PostgreSQL leaves a
// function with longjmp.
#pragma once

#include <new>
#include <type_traits>

#include "pg/postgres.hpp"

namespace psi
{

// A new object in the current memory context.
template <typename T> T *Make(const T &value)
{
	static_assert(std::is_trivially_destructible_v<T>);
	return new (palloc(sizeof(T))) T(value);
}

// An array that grows in the memory context that is current when its first item is added. It may
// be larger than 1 GB. Copied like a pointer: both copies see the same items, and only one of them
// may grow.
template <typename T> class Array
{
	static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);

  public:
	T &Add(const T &item)
	{
		if (count == capacity)
			Grow(capacity == 0 ? 4 : capacity * 2);
		return *new (items + count++) T(item);
	}

	// Makes room for so many at once.
	void Reserve(int wanted)
	{
		if (wanted > capacity)
			Grow(wanted);
	}

	// Leaves out all from that number on.
	void Truncate(int wanted)
	{
		count = wanted;
	}

	bool IsEmpty() const
	{
		return count == 0;
	}
	int Count() const
	{
		return count;
	}
	T &operator[](int i)
	{
		return items[i];
	}
	const T &operator[](int i) const
	{
		return items[i];
	}
	const T &First() const
	{
		return items[0];
	}
	T &Last()
	{
		return items[count - 1];
	}
	const T *begin() const
	{
		return items;
	}
	const T *end() const
	{
		return items + count;
	}
	T *begin()
	{
		return items;
	}
	T *end()
	{
		return items + count;
	}

  private:
	void Grow(int wanted)
	{
		const Size size = sizeof(T) * static_cast<Size>(wanted);
		items =
			static_cast<T *>(items == nullptr ? MemoryContextAllocHuge(CurrentMemoryContext, size)
											  : repalloc_huge(items, size));
		capacity = wanted;
	}

	T *items = nullptr;
	int count = 0;
	int capacity = 0;
};

} // namespace psi
