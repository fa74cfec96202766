// versions: what differs between versions of PostgreSQL, minor ones too: a small function for each
// difference. The only file that asks for the version. Included by postgres.hpp.
#pragma once

namespace psi
{

// Does the role own the relation, or have a role that does? False for a relation that is gone.
inline bool OwnsRelation(Oid relation, Oid role)
{
	// Both forms raise an error for an object that does not exist.
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)))
		return false;
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(RelationRelationId, relation, role);
#else
	return pg_class_ownercheck(relation, role);
#endif
}

// Does the role own the schema? False for a schema that is gone.
inline bool OwnsSchema(Oid schema, Oid role)
{
	if (!SearchSysCacheExists1(NAMESPACEOID, ObjectIdGetDatum(schema)))
		return false;
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(NamespaceRelationId, schema, role);
#else
	return pg_namespace_ownercheck(schema, role);
#endif
}

// Does the role own the object, which exists? For the catalogs whose objects indexes depend on.
inline bool OwnsObject(Oid catalog, Oid object, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(catalog, object, role);
#else
	switch (catalog)
	{
	case ExtensionRelationId:
		return pg_extension_ownercheck(object, role);
	case NamespaceRelationId:
		return pg_namespace_ownercheck(object, role);
	case CollationRelationId:
		return pg_collation_ownercheck(object, role);
	case TypeRelationId:
		return pg_type_ownercheck(object, role);
	case OperatorClassRelationId:
		return pg_opclass_ownercheck(object, role);
	case OperatorFamilyRelationId:
		return pg_opfamily_ownercheck(object, role);
	case ProcedureRelationId:
		return pg_proc_ownercheck(object, role);
	case OperatorRelationId:
		return pg_oper_ownercheck(object, role);
	case TSConfigRelationId:
		return pg_ts_config_ownercheck(object, role);
	case TSDictionaryRelationId:
		return pg_ts_dict_ownercheck(object, role);
	default:
		return false;
	}
#endif
}

// May the role create objects in the schema? False for a schema that is gone.
inline bool MayCreateIn(Oid schema, Oid role)
{
	if (!SearchSysCacheExists1(NAMESPACEOID, ObjectIdGetDatum(schema)))
		return false;
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(NamespaceRelationId, schema, role, ACL_CREATE) == ACLCHECK_OK;
#else
	return pg_namespace_aclcheck(schema, role, ACL_CREATE) == ACLCHECK_OK;
#endif
}

// May the role name objects in the schema? False for a schema that is gone.
inline bool MayUse(Oid schema, Oid role)
{
	if (!SearchSysCacheExists1(NAMESPACEOID, ObjectIdGetDatum(schema)))
		return false;
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(NamespaceRelationId, schema, role, ACL_USAGE) == ACLCHECK_OK;
#else
	return pg_namespace_aclcheck(schema, role, ACL_USAGE) == ACLCHECK_OK;
#endif
}

// May the role reindex a table, or an index on it? Both exist.
inline bool MayReindex(Oid table, Oid relation, Oid role)
{
#if PG_VERSION_NUM >= 170000
	(void) relation;
	return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(table)) &&
		   pg_class_aclcheck(table, role, ACL_MAINTAIN) == ACLCHECK_OK;
#else
	(void) table;
	return OwnsRelation(relation, role);
#endif
}

// May the role reindex all tables of the schema?
inline bool MayReindexSchema(Oid schema, Oid role)
{
#if PG_VERSION_NUM >= 170000
	if (has_privs_of_role(role, ROLE_PG_MAINTAIN))
		return true;
#endif
	return OwnsSchema(schema, role);
}

// May the role reindex all tables of this database?
inline bool MayReindexDatabase(Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(DatabaseRelationId, MyDatabaseId, role)
#if PG_VERSION_NUM >= 170000
		   || has_privs_of_role(role, ROLE_PG_MAINTAIN)
#endif
		;
#else
	return pg_database_ownercheck(MyDatabaseId, role);
#endif
}

// From the columns of `to` to those of `from` by name; every one exists.
inline AttrMap *MapColumns(TupleDesc from, TupleDesc to)
{
#if PG_VERSION_NUM >= 160000
	return build_attrmap_by_name(from, to, false);
#else
	return build_attrmap_by_name(from, to);
#endif
}

// ATTACH PARTITION compares the types of constraints from 17 on. Up to 16, a unique constraint
// matches a primary key.
inline bool IsSameTypeOfConstraint(Oid constraint, Oid other)
{
#if PG_VERSION_NUM >= 170000
	return get_constraint_type(constraint) == get_constraint_type(other);
#else
	(void) constraint;
	(void) other;
	return true;
#endif
}

// A constraint WITHOUT OVERLAPS has an index that cannot be built concurrently.
inline bool IsWithoutOverlaps(const Constraint &constraint)
{
#if PG_VERSION_NUM >= 180000
	return constraint.without_overlaps;
#else
	(void) constraint;
	return false;
#endif
}

// From 18 on the columns of a primary key are NOT NULL in the children of the table as well, even
// with ONLY, which wants them to be so beforehand (ATPrepAddPrimaryKey()).
constexpr bool has_inherited_key_columns = PG_VERSION_NUM >= 180000;

// A constraint that is NOT ENFORCED, which 18 has brought, is not checked at all.
inline bool IsEnforced(const Constraint &constraint)
{
#if PG_VERSION_NUM >= 180000
	return constraint.is_enforced;
#else
	(void) constraint;
	return true;
#endif
}

// Can a foreign key of a partitioned table be added without a check of the rows?
constexpr bool has_unchecked_foreign_key_on_partitioned = PG_VERSION_NUM >= 180000;

// Can a partitioned table have an exclusion constraint?
constexpr bool has_exclusion_on_partitioned = PG_VERSION_NUM >= 170000;

// A generated column without storage, which 18 has brought, cannot be indexed.
inline bool IsVirtualGenerated(const FormData_pg_attribute &column)
{
#if PG_VERSION_NUM >= 180000
	return column.attgenerated == ATTRIBUTE_GENERATED_VIRTUAL;
#else
	(void) column;
	return false;
#endif
}

// The same of a column that is yet to be added.
inline bool IsVirtualGenerated(const ColumnDef &column)
{
#if PG_VERSION_NUM >= 180000
	const ListCell *cell;
	foreach (cell, column.constraints)
	{
		const auto *constraint = static_cast<const Constraint *>(lfirst(cell));
		if (constraint->contype == CONSTR_GENERATED &&
			constraint->generated_kind == ATTRIBUTE_GENERATED_VIRTUAL)
			return true;
	}
#else
	(void) column;
#endif
	return false;
}

// pg_constraint.contype of a NOT NULL constraint (CONSTRAINT_NOTNULL), which only 18 and later
// have.
constexpr char not_null_constraint = 'n';

// From 19 on ADD PRIMARY KEY does not look at a NOT NULL constraint that the same command drops.
constexpr bool looks_after_drops = PG_VERSION_NUM >= 190000;

// From 18 on NOT NULL is a constraint, which a primary key can use if it is valid and inherited
// (verifyNotNullPKCompatible()). True for a column without one.
inline bool IsNotNullFitForKey(Oid table, AttrNumber column)
{
#if PG_VERSION_NUM >= 180000
	const HeapTuple tuple = findNotNullConstraintAttnum(table, column);
	if (!HeapTupleIsValid(tuple))
		return true;
	const auto *constraint = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
	return !constraint->connoinherit && constraint->convalidated;
#else
	(void) table;
	(void) column;
	return true;
#endif
}

// The same of an index that is made for such a constraint.
inline bool IsWithoutOverlaps(const IndexStmt &create)
{
#if PG_VERSION_NUM >= 180000
	return create.iswithoutoverlaps;
#else
	(void) create;
	return false;
#endif
}

// The name of a utility command, as its tag has it: "DROP EXTENSION".
inline const char *CommandNameOf(const DropStmt &drop)
{
	return GetCommandTagName(
		CreateCommandTag(reinterpret_cast<Node *>(const_cast<DropStmt *>(&drop))));
}

// Where the value of a parameter comes from; PGC_S_DEFAULT if there is no such parameter, not even
// a placeholder of a module that is not loaded.
inline GucSource SourceOfParameter(const char *name)
{
#if PG_VERSION_NUM >= 160000
	int count = 0;
	config_generic **parameters = get_guc_variables(&count);
#else
	const int count = GetNumConfigOptions();
	config_generic **parameters = get_guc_variables();
#endif
	for (int i = 0; i < count; ++i)
	{
		if (pg_strcasecmp(parameters[i]->name, name) == 0)
			return parameters[i]->source;
	}
	return PGC_S_DEFAULT;
}

// Memory for what a check hook hands to its assign hook. guc.c frees it, from 16 on into a memory
// context of its own. Null if there is none.
inline void *AllocateGucExtra(Size size)
{
#if PG_VERSION_NUM >= 160000
	return guc_malloc(LOG, size);
#else
	return malloc(size);
#endif
}

// Keeps the scanner from warning of backslashes: the parser has done so already, up to 18. From 19
// on there is nothing to warn of.
inline void SilenceScanner(core_yy_extra_type &extra)
{
#if PG_VERSION_NUM < 190000
	extra.escape_string_warning = false;
#else
	(void) extra;
#endif
}

// The local id of the transaction that this backend is in. A concurrent command commits on its way
// and goes on in a transaction with another id.
inline LocalTransactionId CurrentLocalTransaction()
{
#if PG_VERSION_NUM >= 170000
	return MyProc->vxid.lxid;
#else
	return MyProc->lxid;
#endif
}

// Does this backend hold a lock on the relation in this mode? With `or_stronger`, any stronger mode
// will do. CheckRelationOidLockedByMe() answers the same, but 15 has it from 15.8 on only, and 16
// from 16.4 on.
inline bool HoldsRelationLock(Oid relation, LOCKMODE mode, bool or_stronger)
{
	LOCKTAG tag;
	SET_LOCKTAG_RELATION(tag, IsSharedRelation(relation) ? InvalidOid : MyDatabaseId, relation);
#if PG_VERSION_NUM >= 170000
	return LockHeldByMe(&tag, mode, or_stronger);
#else
	const LOCKMODE last = or_stronger ? MaxLockMode : mode;
	for (; mode <= last; ++mode)
	{
		if (LockHeldByMe(&tag, mode))
			return true;
	}
	return false;
#endif
}

// Two locks of one transaction?
inline bool HaveSameHolder(const LockInstanceData &lock, const LockInstanceData &other)
{
#if PG_VERSION_NUM >= 170000
	return VirtualTransactionIdEquals(lock.vxid, other.vxid);
#else
	return lock.backend == other.backend && lock.lxid == other.lxid;
#endif
}

// One of the pgstat_fetch_stat_numbackends() entries of this transaction's copy of
// pg_stat_activity, counted from 1.
inline const LocalPgBackendStatus *BackendStatusAt(int number)
{
#if PG_VERSION_NUM >= 160000
	return pgstat_get_local_beentry_by_index(number);
#else
	return pgstat_fetch_stat_local_beentry(number);
#endif
}

// transaction_timeout (ms), for which later versions have a setting; 0: off.
inline int TransactionTimeoutInForce()
{
#if PG_VERSION_NUM >= 170000
	return TransactionTimeout;
#else
	return 0;
#endif
}

// Sets what the setting holds, in this backend and for the transaction that is under way.
inline void SetTransactionTimeout(int milliseconds)
{
#if PG_VERSION_NUM >= 170000
	TransactionTimeout = milliseconds;
	disable_timeout(TRANSACTION_TIMEOUT, false);
	if (milliseconds > 0 && IsTransactionState())
		enable_timeout_after(TRANSACTION_TIMEOUT, milliseconds);
#else
	(void) milliseconds;
#endif
}

// The wait event of a pause between two attempts to lock a relation. From 17 on an extension can
// name one.
inline uint32 LockPauseEvent()
{
#if PG_VERSION_NUM >= 170000
	static uint32 event = 0; // the same for the life of the server
	if (event == 0)
		event = WaitEventExtensionNew("PgSafeIndexLockPause");
	return event;
#else
	return PG_WAIT_EXTENSION;
#endif
}

// Calls `visit` for each child of a tree that the parser made and parse analysis has not seen; it
// goes on itself, and returns true to stop.
inline bool WalkRawTree(Node *node, bool (*visit)(Node *, void *), void *state)
{
#if PG_VERSION_NUM >= 160000
	return raw_expression_tree_walker_impl(node, visit, state);
#else
	// It is declared without a prototype. By way of void (*)() the compilers take the cast as
	// meant.
	auto *untyped = reinterpret_cast<void (*)()>(visit);
	return raw_expression_tree_walker(node, reinterpret_cast<bool (*)()>(untyped), state);
#endif
}

} // namespace psi
