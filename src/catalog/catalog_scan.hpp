// catalog_scan: rows of system catalogs, from the system caches and from scans.
// For this folder only.
//
// A scan takes ACCESS SHARE on the catalog and releases it at the end. It raises what reading a
// catalog raises.
#pragma once

#include <initializer_list>

#include "pg/postgres.hpp"

namespace psi
{

// A row of a catalog as the struct that PostgreSQL declares for it: FormOf<Form_pg_class>(tuple).
template <typename Form> Form FormOf(HeapTuple tuple)
{
	return reinterpret_cast<Form>(GETSTRUCT(tuple));
}

// Does the column of this name pass `test(const FormData_pg_attribute &)`? False if the table has
// no such column.
template <typename Test> bool TestColumn(Oid table, const char *column, Test test)
{
	const HeapTuple tuple = SearchSysCacheAttName(table, column);
	if (!HeapTupleIsValid(tuple))
		return false;
	const bool passed = test(*FormOf<Form_pg_attribute>(tuple));
	ReleaseSysCache(tuple);
	return passed;
}

// A condition of a scan: the column, of type oid, has this value. A column of InvalidAttrNumber is
// no condition.
struct ColumnValue
{
	AttrNumber column = InvalidAttrNumber;
	Oid value = InvalidOid;
};

// Calls `visit(Form)` for each row of the catalog that meets the conditions (two at most), until it
// returns false. `index`: an index of the catalog on these columns; InvalidOid: none, read all of
// the catalog. A null `snapshot` is the current one of the catalogs. Serves interrupts.
template <typename Form, typename Visit>
void ScanCatalog(Oid catalog, Oid index, Snapshot snapshot,
				 std::initializer_list<ColumnValue> conditions, Visit visit)
{
	ScanKeyData keys[2];
	int count = 0;
	Assert(conditions.size() <= lengthof(keys));
	for (const ColumnValue &condition : conditions)
	{
		if (condition.column != InvalidAttrNumber)
			ScanKeyInit(&keys[count++], condition.column, BTEqualStrategyNumber, F_OIDEQ,
						ObjectIdGetDatum(condition.value));
	}
	const Relation opened = table_open(catalog, AccessShareLock);
	const SysScanDesc scan =
		systable_beginscan(opened, index, OidIsValid(index), snapshot, count, keys);
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		const HeapTuple tuple = systable_getnext(scan);
		if (!HeapTupleIsValid(tuple) || !visit(FormOf<Form>(tuple)))
			break;
	}
	systable_endscan(scan);
	table_close(opened, AccessShareLock);
}

} // namespace psi
