// target_reindex: REINDEX, and ALTER INDEX ... SET TABLESPACE, which REINDEX can replace.
#include "catalog/target_commands.hpp"

namespace psi
{

namespace
{

// The index of a name, and its table; nothing for what does not exist.
struct IndexAndTable
{
	std::optional<ClassRow> index;
	std::optional<ClassRow> table;
};

IndexAndTable FindIndex(const RangeVar &name)
{
	IndexAndTable found{ReadClass(Resolve(name)), std::nullopt};
	if (found.index.has_value() &&
		(found.index->kind == RELKIND_INDEX || found.index->kind == RELKIND_PARTITIONED_INDEX))
		found.table = ReadClass(IndexGetRelation(found.index->id, true));
	return found;
}

// Follows ReindexIndex() and RangeVarCallbackForReindexIndex().
void LookAtReindexIndex(const Request &request, const Circumstances &circumstances, Target &target)
{
	const IndexAndTable found = FindIndex(*request.name);
	// ReindexPartitions() runs in several transactions, so PostgreSQL refuses it in a block.
	if (!found.table.has_value() ||
		(found.index->kind == RELKIND_PARTITIONED_INDEX && circumstances.in_block))
		return;
	target.facts.resolves = true;
	target.facts.permitted = MayReindex(found.table->id, found.index->id, GetUserId());
	if (!target.facts.permitted)
		return;
	DescribeTable(*found.table, false, circumstances, target);
	target.index = NameOf(*found.index);
	target.index_id = found.index->id;
	target.exclusion = IsExclusionIndex(found.index->id);
}

// Follows ReindexTable() and RangeVarCallbackMaintainsTable(), before 17
// RangeVarCallbackOwnsTable().
void LookAtReindexTable(const Request &request, const Circumstances &circumstances, Target &target)
{
	const auto table = ReadClass(Resolve(*request.name));
	if (!table.has_value() ||
		(table->kind != RELKIND_RELATION && table->kind != RELKIND_MATVIEW &&
		 table->kind != RELKIND_PARTITIONED_TABLE && table->kind != RELKIND_TOASTVALUE) ||
		(table->kind == RELKIND_PARTITIONED_TABLE && circumstances.in_block))
		return;
	target.facts.resolves = true;
	target.facts.permitted = MayReindex(table->id, table->id, GetUserId());
	if (!target.facts.permitted)
		return;
	DescribeTable(*table, false, circumstances, target);
	// REINDEX TABLE takes up the TOAST table as well, which always has an index.
	target.facts.idle = table->kind != RELKIND_PARTITIONED_TABLE && !OidIsValid(table->toast) &&
						IndexesOf(table->id) == NIL;
}

// Fills in a schema, database or tablespace and the relations in it.
void DescribeSet(TableKind kind, const char *name, const RelationSet &set, Target &target)
{
	target.table = {name, name, true};
	target.facts.kind = kind;
	SetReached(set, target);
}

// Follows ReindexMultipleTables().
void LookAtReindexMany(const ReindexStmt &reindex, const Circumstances &circumstances,
					   Target &target)
{
	if (circumstances.in_block)
		return;
	const bool whole_database = reindex.kind == REINDEX_OBJECT_DATABASE;
	const char *database = get_database_name(MyDatabaseId);
	const Oid schema = whole_database ? InvalidOid : get_namespace_oid(reindex.name, true);
	if (whole_database ? database == nullptr ||
							 (reindex.name != nullptr && strcmp(reindex.name, database) != 0)
					   : !OidIsValid(schema))
		return;

	target.facts.resolves = true;
	target.facts.permitted =
		whole_database ? MayReindexDatabase(GetUserId()) : MayReindexSchema(schema, GetUserId());
	if (target.facts.permitted)
		DescribeSet(whole_database ? TableKind::database : TableKind::schema,
					whole_database ? database : reindex.name,
					TablesIn(schema, circumstances.wanted), target);
}

// Follows AlterTableMoveAll().
Target LookAtMoveAll(const AlterTableMoveAllStmt &move, const Circumstances &circumstances)
{
	Target target;
	Oid from = get_tablespace_oid(move.orig_tablespacename, true);
	const Oid to = get_tablespace_oid(move.new_tablespacename, true);
	if (!OidIsValid(from) || !OidIsValid(to) || from == GLOBALTABLESPACE_OID ||
		to == GLOBALTABLESPACE_OID)
		return target;
	target.facts.resolves = true;
	target.facts.idle = from == to;
	if (from == MyDatabaseTableSpace)
		from = InvalidOid; // as in pg_class.reltablespace

	const List *owners = roleSpecsToIds(move.roles);
	const RelationSet set = IndexesIn(from, owners, circumstances.wanted, target.facts.permitted);
	if (target.facts.permitted)
		DescribeSet(TableKind::tablespace, move.orig_tablespacename, set, target);
	return target;
}

} // namespace

Target LookAtReindex(const Request &request, const Circumstances &circumstances)
{
	Target target;
	// ExecReindex() looks it up before it takes a lock.
	if (request.tablespace != nullptr && !OidIsValid(get_tablespace_oid(request.tablespace, true)))
		return target;
	switch (request.reindex->kind)
	{
	case REINDEX_OBJECT_INDEX:
		LookAtReindexIndex(request, circumstances, target);
		break;
	case REINDEX_OBJECT_TABLE:
		LookAtReindexTable(request, circumstances, target);
		break;
	case REINDEX_OBJECT_SCHEMA:
	case REINDEX_OBJECT_DATABASE:
		LookAtReindexMany(*request.reindex, circumstances, target);
		break;
	case REINDEX_OBJECT_SYSTEM:
		// There is no concurrent form, so PostgreSQL itself checks the permission.
		target.facts.resolves = target.facts.permitted = target.facts.catalog = true;
		break;
	}
	return target;
}

namespace
{

bool IsIn(Oid index, Oid tablespace)
{
	const Oid now = get_rel_tablespace(index);
	return tablespace == (OidIsValid(now) ? now : MyDatabaseTableSpace);
}

} // namespace

// Follows RangeVarCallbackForAlterRelation(), ATPrepSetTableSpace(), ATExecSetTableSpace().
Target LookAtMoveIndex(const Request &request, const Circumstances &circumstances)
{
	if (request.move_all != nullptr)
		return LookAtMoveAll(*request.move_all, circumstances);

	Target target;
	const IndexAndTable found = FindIndex(*request.name);
	const Oid tablespace = get_tablespace_oid(request.tablespace, true);
	if (!found.table.has_value() || !OidIsValid(tablespace))
		return target; // moving a table is not an operation on an index
	target.facts.resolves = true;
	target.facts.permitted = OwnsRelation(found.index->id, GetUserId());
	if (!target.facts.permitted)
		return target;
	DescribeTable(*found.table, true, circumstances, target);
	// A partitioned index has no storage: PostgreSQL only records the tablespace for new
	// partitions. An index that is there already is not copied (CheckRelationTableSpaceMove()).
	target.facts.idle =
		found.index->kind == RELKIND_PARTITIONED_INDEX || IsIn(found.index->id, tablespace);
	target.index = NameOf(*found.index);
	target.index_id = found.index->id;
	target.exclusion = IsExclusionIndex(found.index->id);
	return target;
}

} // namespace psi
