// function: pg_proc through the system cache.
#include "catalog/function.hpp"

#include "catalog/catalog_scan.hpp"

namespace psi
{

bool MayChangeTables(const char *function)
{
	CatCList *found = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(function));
	bool may = found->n_members == 0;
	for (int i = 0; i < found->n_members && !may; ++i)
	{
		auto *row = FormOf<Form_pg_proc>(&found->members[i]->tuple);
		may = row->oid >= FirstNormalObjectId && row->provolatile == PROVOLATILE_VOLATILE;
	}
	ReleaseSysCacheList(found);
	return may;
}

} // namespace psi
