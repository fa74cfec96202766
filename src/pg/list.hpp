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

// The items of a List of pointers. For nodes an assertion looks at the tag.
template <typename T> class Each
{
  public:
	explicit Each(const List *items) : list(items)
	{
	}

	class Iterator
	{
	  public:
		explicit Iterator(const ListCell *at) : cell(at)
		{
		}
		T *operator*() const
		{
			return Cast(lfirst(cell));
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
		static T *Cast(void *item)
		{
			if constexpr (is_node<std::remove_const_t<T>>)
				return As<T>(static_cast<Node *>(item));
			else
				return static_cast<T *>(item);
		}

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

// The items of a List of OIDs.
class EachOid
{
  public:
	explicit EachOid(const List *oids) : list(oids)
	{
	}

	class Iterator
	{
	  public:
		explicit Iterator(const ListCell *at) : cell(at)
		{
		}
		Oid operator*() const
		{
			return lfirst_oid(cell);
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

} // namespace psi
