// new_index: by way of object_access_hook.
#include "catalog/index_creation.hpp"

#include "catalog/index.hpp"

namespace psi
{

namespace
{

IndexListener current{nullptr, nullptr};
object_access_hook_type previous = nullptr;
bool in_chain = false;

void ObjectAccess(ObjectAccessType access, Oid catalog, Oid object, int column, void *argument)
{
	if (previous != nullptr)
		previous(access, catalog, object, column, argument);
	if (current.tell == nullptr || access != OAT_POST_CREATE || catalog != RelationRelationId ||
		column != 0)
		return;
	const Oid table = TableOfNewIndex(object);
	if (OidIsValid(table))
		current.tell(object, table, current.argument);
}

} // namespace

bool IsListened()
{
	return current.tell != nullptr;
}

IndexListener ListenToIndexes(IndexListener listener)
{
	const IndexListener before = current;
	current = listener;
	if (listener.tell != nullptr && !in_chain)
	{
		previous = object_access_hook;
		object_access_hook = ObjectAccess;
		in_chain = true;
	}
	// A module that was loaded meanwhile calls us from its own hook: then we have to stay.
	else if (listener.tell == nullptr && object_access_hook == ObjectAccess)
	{
		object_access_hook = previous;
		in_chain = false;
	}
	return before;
}

} // namespace psi
