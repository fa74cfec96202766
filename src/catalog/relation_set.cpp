// relation_set: counts what is reached, and spells out the first of it.
#include "catalog/relation_set.hpp"

#include "catalog/partitions.hpp"
#include "pg/array.hpp"

namespace psi
{

namespace
{

// A set that is being filled.
struct Filling
{
	RelationSet set{};
	Member *spelled;
	std::int64_t enough;

	explicit Filling(std::int64_t enough_bytes)
		: spelled(static_cast<Member *>(palloc(sizeof(Member) * spelled_max))), enough(enough_bytes)
	{
		if (enough > 0)
			set.size = 0;
	}

	// Returns its position, or -1 if there are enough.
	int Spell(const ClassRow &row, bool leaf, int parent)
	{
		if (set.spelled_members >= spelled_members_max || set.spelled_count >= spelled_max)
			return -1;
		spelled[set.spelled_count] = {NameOf(row), row.schema, leaf, parent};
		if (leaf)
			++set.spelled_members;
		return set.spelled_count++;
	}

	// Counts a table that holds rows.
	void Count(const ClassRow &table)
	{
		++set.members;
		if (table.persistence == RELPERSISTENCE_TEMP || IsCreatedHere(table.id))
			return;
		++set.standing;
		if (!set.size.has_value() || *set.size >= enough)
			return;
		const auto size = MainForkSize(table.id);
		if (size.has_value())
			*set.size += *size;
		else
			set.size.reset();
	}

	RelationSet Filled()
	{
		set.spelled = spelled;
		return set;
	}
};

// Calls `visit` with each row of pg_class that has this value in this column; all of them if the
// column is 0. Takes ACCESS SHARE on pg_class for the time of the scan.
template <typename Visit> void ForEachRelation(AttrNumber column, Oid value, Visit visit)
{
	const Relation pg_class = table_open(RelationRelationId, AccessShareLock);
	ScanKeyData key;
	if (column != InvalidAttrNumber)
		ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(value));
	SysScanDesc scan = systable_beginscan(pg_class, InvalidOid, false, nullptr,
										  column != InvalidAttrNumber ? 1 : 0, &key);
	for (HeapTuple tuple = systable_getnext(scan); HeapTupleIsValid(tuple);
		 tuple = systable_getnext(scan))
	{
		CHECK_FOR_INTERRUPTS();
		visit(reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple)));
	}
	systable_endscan(scan);
	table_close(pg_class, AccessShareLock);
}

} // namespace

RelationSet PartitionsOf(Oid root, std::int64_t enough)
{
	Filling filling(enough);
	// Where the partitioned table is spelled that the walk has entered, for each level.
	Array<int> parents;
	parents.Add(-1);
	WalkPartitions(root,
				   [&](const ClassRow &partition, Oid, int level)
				   {
					   const bool leaf = partition.kind != RELKIND_PARTITIONED_TABLE;
					   if (partition.kind == RELKIND_FOREIGN_TABLE)
					   {
						   ++filling.set.foreign;
						   return Walk::past;
					   }
					   const int position = filling.Spell(partition, leaf, parents[level]);
					   if (leaf)
						   filling.Count(partition);
					   else
					   {
						   parents.Truncate(level + 1);
						   parents.Add(position);
					   }
					   return Walk::into;
				   });
	return filling.Filled();
}

RelationSet TablesIn(Oid schema, std::int64_t enough)
{
	Filling filling(enough);
	const AttrNumber column = OidIsValid(schema) ? Anum_pg_class_relnamespace : InvalidAttrNumber;
	ForEachRelation(
		column, schema,
		[&](Form_pg_class form)
		{
			if ((form->relkind != RELKIND_RELATION && form->relkind != RELKIND_MATVIEW) ||
				form->oid < FirstNormalObjectId)
				return;
			const ClassRow row = RowOf(form);
			filling.Spell(row, true, -1);
			filling.Count(row);
		});
	return filling.Filled();
}

RelationSet IndexesIn(Oid tablespace, const List *owners, std::int64_t enough, bool &all_owned)
{
	Filling filling(enough);
	all_owned = true;
	ForEachRelation(Anum_pg_class_reltablespace, tablespace,
					[&](Form_pg_class form)
					{
						if (form->relkind != RELKIND_INDEX || form->relisshared ||
							IsCatalogNamespace(form->relnamespace) ||
							isAnyTempNamespace(form->relnamespace) ||
							IsToastNamespace(form->relnamespace) ||
							(owners != NIL && !list_member_oid(owners, form->relowner)))
							return;
						if (!OwnsRelation(form->oid, GetUserId()))
							all_owned = false;
						const auto table = ReadClass(IndexGetRelation(form->oid, true));
						if (!table.has_value())
							return;
						filling.Spell(RowOf(form), true, -1);
						filling.Count(*table);
					});
	return filling.Filled();
}

} // namespace psi
