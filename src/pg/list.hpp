// list: PostgreSQL's List in a range-based for loop.
//
//     for (const IndexElem *element : Each<IndexElem>(create.indexParams))
//     for (const Oid index : EachOid(RelationGetIndexList(table)))
//
// NIL is an empty list. The list must not change meanwhile. Users can make lists long, so each step
// serves interrupts: a cancel or a timeout raises its error there.
#pragma once

#include "pg/node.hpp"

namespace psi
{

// The item of a cell that holds a pointer. For a node an assertion looks at the tag.
template <typename T> T *PointerIn(const ListCell *cell)
{
	if constexpr (is_node<std::remove_const_t<T>>)
		return As<T>(static_cast<Node *>(lfirst(cell)));
	else
		return static_cast<T *>(lfirst(cell));
}

inline Oid OidIn(const ListCell *cell)
{
	return lfirst_oid(cell);
}

// The items of a list, as `Read` takes them out of their cells.
template <typename Item, Item (*Read)(const ListCell *)> class EachItem
{
  public:
	explicit EachItem(const List *items) : list(items)
	{
	}

	class Iterator
	{
	  public:
		explicit Iterator(const ListCell *at) : cell(at)
		{
		}
		Item operator*() const
		{
			return Read(cell);
		}
		Iterator &operator++()
		{
			CHECK_FOR_INTERRUPTS();
			++cell;
			return *this;
		}
		bool operator!=(const Iterator &other) const
		{
			return cell != other.cell;
		}

	  private:
		const ListCell *cell;
	};

	Iterator begin() const
	{
		return Iterator(list != NIL ? list->elements : nullptr);
	}
	Iterator end() const
	{
		return Iterator(list != NIL ? list->elements + list->length : nullptr);
	}

  private:
	const List *list;
};

template <typename T> using Each = EachItem<T *, PointerIn<T>>;
using EachOid = EachItem<Oid, OidIn>;

} // namespace psi
