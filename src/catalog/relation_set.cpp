// relation_set: counts the relations, and keeps the names of the first ones.
#include "catalog/relation_set.hpp"

#include "catalog/catalog_scan.hpp"
#include "catalog/partitions.hpp"
#include "pg/array.hpp"

namespace psi
{

namespace
{

int CompareNames(const void *a, const void *b)
{
	const RelationName &first = static_cast<const Member *>(a)->name;
	const RelationName &second = static_cast<const Member *>(b)->name;
	const int schemas = strcmp(first.schema, second.schema);
	return schemas != 0 ? schemas : strcmp(first.name, second.name);
}

// A set while it is being collected.
struct Collector
{
	RelationSet set;
	Array<Member> spelled;
	Wanted wanted;

	explicit Collector(const Wanted &what) : wanted(what)
	{
		if (wanted.enough > 0)
			set.size = 0;
	}

	// Keeps the name of a relation. Returns its position, or -1 if there are enough of them.
	int KeepName(const ClassRow &row, bool leaf, int parent)
	{
		if (!wanted.all_names &&
			(set.spelled_members >= spelled_members_max || spelled.Count() >= spelled_max))
		{
			set.complete = false;
			return -1;
		}
		spelled.Add({row.id, NameOf(row), row.schema, leaf, parent});
		if (leaf)
			++set.spelled_members;
		return spelled.Count() - 1;
	}

	// Counts a table that holds rows.
	void CountTable(const ClassRow &table)
	{
		++set.members;
		if (table.persistence == RELPERSISTENCE_TEMP || IsCreatedHere(table.id))
			return;
		++set.standing;
		if (!set.size.has_value() || *set.size >= wanted.enough)
			return;
		const auto size = MainForkSize(table.id);
		if (size.has_value())
			*set.size += *size;
		else
			set.size.reset();
	}

	// A scan of pg_class meets the relations in no particular order. Not for a tree, whose members
	// refer to each other by their positions.
	RelationSet FinishSorted()
	{
		qsort(spelled.begin(), spelled.Count(), sizeof(Member), CompareNames);
		return Finish();
	}

	RelationSet Finish()
	{
		set.spelled = spelled.begin();
		set.spelled_count = spelled.Count();
		return set;
	}
};

} // namespace

RelationSet PartitionsOf(Oid root, const Wanted &wanted)
{
	Collector collector(wanted);
	// The positions of the partitioned tables on the way from the root to the current level.
	Array<int> parents;
	parents.Add(-1);
	const auto visit = [&](const ClassRow &partition, Oid, int level)
	{
		if (partition.kind == RELKIND_FOREIGN_TABLE)
		{
			++collector.set.foreign;
			return Walk::past;
		}
		const bool leaf = partition.kind != RELKIND_PARTITIONED_TABLE;
		const int position = collector.KeepName(partition, leaf, parents[level]);
		if (leaf)
			collector.CountTable(partition);
		else
		{
			parents.Truncate(level + 1);
			parents.Add(position);
		}
		return Walk::into;
	};
	WalkPartitions(root, visit);
	return collector.Finish();
}

namespace
{

// Calls `visit(Form_pg_class)` for each table and materialized view of a schema, or of the database
// for InvalidOid, that initdb has not created.
template <typename Visit> void VisitTables(Oid schema, Visit visit)
{
	const auto visit_table = [&visit](Form_pg_class form)
	{
		if ((form->relkind == RELKIND_RELATION || form->relkind == RELKIND_MATVIEW) &&
			form->oid >= FirstNormalObjectId)
			visit(form);
		return true;
	};
	const AttrNumber column = OidIsValid(schema) ? Anum_pg_class_relnamespace : InvalidAttrNumber;
	ScanCatalog<Form_pg_class>(RelationRelationId, InvalidOid, nullptr, {{column, schema}},
							   visit_table);
}

} // namespace

RelationSet TablesIn(Oid schema, const Wanted &wanted)
{
	Collector collector(wanted);
	const auto visit = [&collector](Form_pg_class form)
	{
		const ClassRow row = RowOf(form);
		collector.KeepName(row, true, -1);
		collector.CountTable(row);
	};
	VisitTables(schema, visit);
	return collector.FinishSorted();
}

List *OidsOfTablesIn(Oid schema)
{
	List *tables = NIL;
	const auto visit = [&tables](Form_pg_class form)
	{
		if (form->relpersistence != RELPERSISTENCE_TEMP)
			tables = lappend_oid(tables, form->oid);
	};
	VisitTables(schema, visit);
	// Not in the order in which the rows happen to lie in pg_class.
	list_sort(tables, list_oid_cmp);
	return tables;
}

RelationSet IndexesIn(Oid tablespace, const List *owners, const Wanted &wanted, bool &all_owned)
{
	Collector collector(wanted);
	all_owned = true;
	const auto visit = [&](Form_pg_class form)
	{
		const bool leaf = form->relkind == RELKIND_INDEX;
		if ((!leaf && form->relkind != RELKIND_PARTITIONED_INDEX) || form->relisshared ||
			IsCatalogNamespace(form->relnamespace) || isAnyTempNamespace(form->relnamespace) ||
			IsToastNamespace(form->relnamespace) ||
			(owners != NIL && !list_member_oid(owners, form->relowner)))
			return true;
		if (!OwnsRelation(form->oid, GetUserId()))
			all_owned = false;
		const auto table = ReadClass(IndexGetRelation(form->oid, true));
		if (!table.has_value())
			return true;
		collector.KeepName(RowOf(form), leaf, -1);
		// A partitioned index has no storage to be moved.
		if (leaf)
			collector.CountTable(*table);
		return true;
	};
	ScanCatalog<Form_pg_class>(RelationRelationId, InvalidOid, nullptr,
							   {{Anum_pg_class_reltablespace, tablespace}}, visit);
	return collector.FinishSorted();
}

} // namespace psi
