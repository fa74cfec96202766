// index_creation: the listener, and the module's place in the chain of object_access_hook.
#include "catalog/index_creation.hpp"

#include "catalog/index.hpp"

namespace psi
{

namespace
{

// After an error, the caller of ListenToIndexes() puts the former listener back (PG_FINALLY or
// PG_CATCH).
IndexListener current;

// The place in the chain of hooks. An abort does not change it: ObjectAccess() without a listener
// only calls the previous hook.
object_access_hook_type previous_hook = nullptr;
bool is_hooked = false;

void ObjectAccess(ObjectAccessType access, Oid catalog, Oid object, int column, void *argument)
{
	if (previous_hook != nullptr)
		previous_hook(access, catalog, object, column, argument);
	if (current.notify == nullptr || access != OAT_POST_CREATE || catalog != RelationRelationId ||
		column != 0)
		return;
	const Oid table = TableOfNewIndex(object);
	if (OidIsValid(table))
		current.notify(object, table,
					   argument != nullptr &&
						   static_cast<const ObjectAccessPostCreate *>(argument)->is_internal,
					   current.argument);
}

} // namespace

bool IsListened()
{
	return current.notify != nullptr;
}

IndexListener ListenToIndexes(IndexListener listener)
{
	const IndexListener before = current;
	current = listener;
	if (listener.notify != nullptr && !is_hooked)
	{
		previous_hook = object_access_hook;
		object_access_hook = ObjectAccess;
		is_hooked = true;
	}
	// If another module has hooked itself in meanwhile, its hook calls ours, which has to stay.
	else if (listener.notify == nullptr && object_access_hook == ObjectAccess)
	{
		object_access_hook = previous_hook;
		is_hooked = false;
	}
	return before;
}

} // namespace psi
