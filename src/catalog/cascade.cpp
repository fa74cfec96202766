// cascade: a walk over pg_depend.
#include "catalog/cascade.hpp"

#include "catalog/catalog_scan.hpp"
#include "pg/hash.hpp"
#include "pg/list.hpp"

namespace psi
{

namespace
{

// The object of a name; an invalid OID if there is none. get_object_address() would lock it.
ObjectAddress AddressOf(ObjectType type, Node *name)
{
	ObjectAddress address{InvalidOid, InvalidOid, 0};
	List *names = reinterpret_cast<List *>(name);
	const auto set = [&address](Oid catalog, Oid object) { address = {catalog, object, 0}; };
	switch (type)
	{
	case OBJECT_EXTENSION:
		set(ExtensionRelationId, get_extension_oid(strVal(name), true));
		break;
	case OBJECT_SCHEMA:
		set(NamespaceRelationId, get_namespace_oid(strVal(name), true));
		break;
	case OBJECT_COLLATION:
		set(CollationRelationId, get_collation_oid(names, true));
		break;
	case OBJECT_TYPE:
	case OBJECT_DOMAIN:
	{
		const HeapTuple tuple =
			LookupTypeName(nullptr, reinterpret_cast<TypeName *>(name), nullptr, true);
		if (HeapTupleIsValid(tuple))
		{
			set(TypeRelationId, FormOf<Form_pg_type>(tuple)->oid);
			ReleaseSysCache(tuple);
		}
		break;
	}
	case OBJECT_OPCLASS:
	case OBJECT_OPFAMILY:
	{
		// The access method comes first.
		const Oid method = get_index_am_oid(strVal(linitial(names)), true);
		List *rest = list_copy_tail(names, 1);
		if (OidIsValid(method) && type == OBJECT_OPCLASS)
			set(OperatorClassRelationId, get_opclass_oid(method, rest, true));
		else if (OidIsValid(method))
			set(OperatorFamilyRelationId, get_opfamily_oid(method, rest, true));
		break;
	}
	case OBJECT_FUNCTION:
	case OBJECT_PROCEDURE:
	case OBJECT_ROUTINE:
		set(ProcedureRelationId,
			LookupFuncWithArgs(type, reinterpret_cast<ObjectWithArgs *>(name), true));
		break;
	case OBJECT_TSCONFIGURATION:
		set(TSConfigRelationId, get_ts_config_oid(names, true));
		break;
	case OBJECT_TSDICTIONARY:
		set(TSDictionaryRelationId, get_ts_dict_oid(names, true));
		break;
	case OBJECT_OPERATOR:
		set(OperatorRelationId, LookupOperWithArgs(reinterpret_cast<ObjectWithArgs *>(name), true));
		break;
	default:
		break;
	}
	return address;
}

// RemoveObjects(): the owner of the object and the owner of its schema may.
bool MayDrop(const ObjectAddress &object)
{
	const Oid schema = get_object_namespace(&object);
	return (OidIsValid(schema) && OwnsSchema(schema, GetUserId())) ||
		   OwnsObject(object.classId, object.objectId, GetUserId());
}

// Is the object a part of another one, an extension for instance? Then PostgreSQL refuses to drop
// it by itself, before it locks what depends on it (findDependentObjects()).
bool IsPartOfOther(const ObjectAddress &object)
{
	bool found = false;
	const auto look = [&found](Form_pg_depend dependency)
	{
		found = dependency->deptype == DEPENDENCY_INTERNAL ||
				dependency->deptype == DEPENDENCY_EXTENSION;
		return !found;
	};
	ScanCatalog<Form_pg_depend>(
		DependRelationId, DependDependerIndexId, nullptr,
		{{Anum_pg_depend_classid, object.classId}, {Anum_pg_depend_objid, object.objectId}}, look);
	return found;
}

// Stands for the columns of a table.
constexpr int any_column = -1;

// The objects that would be dropped: a set, and the list of those that are still to be followed.
struct Closure
{
	HTAB *seen;
	Array<ObjectAddress> objects;

	Closure()
	{
		seen = MakeHash<ObjectAddress>("pg_safe_index cascade");
	}

	void Add(const ObjectAddress &object)
	{
		bool found = false;
		hash_search(seen, &object, HASH_ENTER, &found);
		if (found)
			return;
		objects.Add(object);
		if (object.classId == RelationRelationId && object.objectSubId != 0)
		{
			const ObjectAddress column{object.classId, object.objectId, any_column};
			hash_search(seen, &column, HASH_ENTER, nullptr);
		}
	}

	bool Has(const ObjectAddress &object) const
	{
		return hash_search(seen, &object, HASH_FIND, nullptr) != nullptr;
	}

	// Is the table dropped, or a column of it? Then it is locked anyway.
	bool Changes(Oid table) const
	{
		return Has({RelationRelationId, table, 0}) || Has({RelationRelationId, table, any_column});
	}

	// Adds what depends on the object, on one column of it if it is a column.
	void Follow(ObjectAddress object)
	{
		const auto add = [&](Form_pg_depend dependency)
		{
			if (object.objectSubId == 0 || dependency->refobjsubid == object.objectSubId)
				Add({dependency->classid, dependency->objid, dependency->objsubid});
			return true;
		};
		ScanCatalog<Form_pg_depend>(DependRelationId, DependReferenceIndexId, nullptr,
									{{Anum_pg_depend_refclassid, object.classId},
									 {Anum_pg_depend_refobjid, object.objectId}},
									add);
	}
};

// The index, if the object is one whose table stays as it is and can be seen by other sessions.
std::optional<CascadedIndex> IndexOfOldTable(const ObjectAddress &object, const Closure &closure)
{
	if (object.classId != RelationRelationId || object.objectSubId != 0)
		return std::nullopt;
	const auto index = ReadClass(object.objectId);
	if (!index.has_value() || index->kind != RELKIND_INDEX)
		return std::nullopt;
	const auto table = ReadClass(IndexGetRelation(index->id, true));
	if (!table.has_value() || table->is_system || table->persistence == RELPERSISTENCE_TEMP ||
		closure.Changes(table->id) || IsCreatedHere(table->id))
		return std::nullopt;
	return CascadedIndex{*index, *table};
}

} // namespace

Array<CascadedIndex> IndexesDroppedBy(const DropStmt &drop, bool &permitted)
{
	Closure closure;
	permitted = true;
	for (void *name : Each<void>(drop.objects))
	{
		const ObjectAddress object = AddressOf(drop.removeType, static_cast<Node *>(name));
		if (!OidIsValid(object.objectId))
		{
			if (!drop.missing_ok)
				return {};
			continue;
		}
		permitted = permitted && MayDrop(object);
		if (IsPartOfOther(object))
			return {};
		closure.Add(object);
	}
	// It grows meanwhile.
	for (int i = 0; i < closure.objects.Count(); ++i)
		closure.Follow(closure.objects[i]);

	Array<CascadedIndex> indexes;
	for (const ObjectAddress &object : closure.objects)
	{
		CHECK_FOR_INTERRUPTS();
		const auto index = IndexOfOldTable(object, closure);
		if (index.has_value())
			indexes.Add(*index);
	}
	return indexes;
}

} // namespace psi
