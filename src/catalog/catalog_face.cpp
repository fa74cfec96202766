// catalog_face: a row of the view pg_safe_index_invalid.
#include "catalog/activity.hpp"
#include "catalog/catalog_face.h"
#include "catalog/invalid_index.hpp"

extern "C" bool psi_mending(unsigned int index, int *pid, const char **drop, const char **reindex)
{
	using namespace psi;

	const auto invalid = ReadInvalidIndex(index);
	if (!invalid.has_value())
		return false;
	const Worker worker = AtWorkOn(invalid->id, invalid->table_id);
	*pid = worker.doing == Doing::building || worker.doing == Doing::changing ? worker.pid : 0;
	*drop = DropCommand(*invalid, true);
	*reindex = ReindexCommand(*invalid, true);
	return true;
}
