// invalid_index: reads the index, and chooses the commands.
#include "catalog/invalid_index.hpp"

#include "catalog/citus.hpp"
#include "pg/list.hpp"

namespace psi
{

namespace
{

const char *QuotedName(const InvalidIndex &index, bool qualified)
{
	return qualified ? quote_qualified_identifier(index.index.schema, index.index.name)
					 : index.index.Quoted();
}

// Returns what follows the last underscore if that is ccnew or ccold, as in the names given by
// ReindexRelationConcurrently() and index_concurrently_swap(), or null. A number follows if the
// name was taken (ChooseRelationName()).
const char *ReindexLabel(const char *name)
{
	const char *underscore = strrchr(name, '_');
	if (underscore == nullptr || underscore == name)
		return nullptr;
	const char *label = underscore + 1;
	constexpr std::size_t length = 5;
	if (strncmp(label, "ccnew", length) != 0 && strncmp(label, "ccold", length) != 0)
		return nullptr;
	return strspn(label + length, "0123456789") == strlen(label + length) ? label : nullptr;
}

} // namespace

std::optional<InvalidIndex> ReadInvalidIndex(Oid index)
{
	const auto row = ReadIndex(index);
	if (!row.has_value() || (row->valid && row->ready && row->live))
		return std::nullopt;

	const auto relation = ReadClass(index);
	const auto table = ReadClass(row->table);
	if (!relation.has_value() || !table.has_value() || relation->kind != RELKIND_INDEX)
		return std::nullopt;
	InvalidIndex found;
	found.id = index;
	found.table_id = row->table;
	found.index = NameOf(*relation);
	found.table = NameOf(*table);
	found.ready = row->ready;
	found.live = row->live;
	found.is_partition = relation->is_partition;
	found.is_shell = IsCitusTable(row->table);
	found.is_toast = IsToastNamespace(relation->schema);
	return found;
}

std::optional<InvalidIndex> FindInvalidIndex(Oid schema, const char *name)
{
	const Oid index = get_relname_relid(name, schema);
	const auto invalid = OidIsValid(index) ? ReadInvalidIndex(index) : std::nullopt;
	return invalid.has_value() && !invalid->is_shell ? invalid : std::nullopt;
}

bool IsInvalidStill(const InvalidIndex &index)
{
	const auto now = ReadInvalidIndex(index.id);
	return now.has_value() && strcmp(now->index.name, index.index.name) == 0 &&
		   strcmp(now->index.schema, index.index.schema) == 0;
}

bool IsLeftByReindex(const InvalidIndex &index)
{
	const char *label = ReindexLabel(index.index.name);
	if (label == nullptr || index.is_partition)
		return false;
	for (const Oid other : EachOid(IndexesOf(index.table_id)))
	{
		const auto row = ReadClass(other);
		if (row.has_value() && row->id != index.id &&
			strcmp(makeObjectName(NameStr(row->name), nullptr, label), index.index.name) == 0)
			return true;
	}
	return false;
}

void ReadAgain(InvalidIndex *indexes, int count)
{
	for (int i = 0; i < count; ++i)
		indexes[i] = ReadInvalidIndex(indexes[i].id).value_or(indexes[i]);
}

const char *DropCommand(const InvalidIndex &index, bool qualified)
{
	if (index.is_partition)
		return nullptr;
	return psprintf("DROP INDEX CONCURRENTLY IF EXISTS %s;", QuotedName(index, qualified));
}

const char *ReindexCommand(const InvalidIndex &index, bool qualified)
{
	if (!index.live || index.is_toast || index.is_shell)
		return nullptr;
	// A rebuilt _ccnew index would be a second copy of the index, unless it has been attached to a
	// partitioned index.
	if (ReindexLabel(index.index.name) != nullptr && !index.is_partition)
		return nullptr;
	return psprintf("REINDEX INDEX CONCURRENTLY %s;", QuotedName(index, qualified));
}

} // namespace psi
