// invalid_index: pg_index through the system cache.
#include "catalog/invalid_index.hpp"

namespace psi
{

namespace
{

const char *NameFor(const InvalidIndex &index, bool qualified)
{
	return qualified ? quote_qualified_identifier(index.index.schema, index.index.name)
					 : index.index.Quoted();
}

// Does the name end as ReindexRelationConcurrently() and index_concurrently_swap() make it: _ccnew
// or _ccold, and a number where that was taken (ChooseRelationName())?
bool IsTransient(const char *name)
{
	std::size_t length = strlen(name);
	while (length > 0 && name[length - 1] >= '0' && name[length - 1] <= '9')
		--length;
	constexpr std::size_t suffix = 6;
	return length > suffix && (strncmp(name + length - suffix, "_ccnew", suffix) == 0 ||
							   strncmp(name + length - suffix, "_ccold", suffix) == 0);
}

} // namespace

std::optional<InvalidIndex> ReadInvalidIndex(Oid index)
{
	const auto form = ReadIndex(index);
	if (!form.has_value() || (form->valid && form->ready && form->live))
		return std::nullopt;

	const auto row = ReadClass(index);
	const auto table = ReadClass(form->table);
	if (!row.has_value() || !table.has_value() || row->kind != RELKIND_INDEX)
		return std::nullopt;
	InvalidIndex found{};
	found.id = index;
	found.table_id = form->table;
	found.index = NameOf(*row);
	found.table = NameOf(*table);
	found.ready = form->ready;
	found.live = form->live;
	found.is_partition = row->is_partition;
	found.is_toast = IsToastNamespace(row->schema);
	return found;
}

std::optional<InvalidIndex> FindInvalidIndex(Oid schema, const char *name)
{
	const Oid index = get_relname_relid(name, schema);
	return OidIsValid(index) ? ReadInvalidIndex(index) : std::nullopt;
}

bool IsInvalidStill(const InvalidIndex &index)
{
	const auto now = ReadInvalidIndex(index.id);
	return now.has_value() && strcmp(now->index.name, index.index.name) == 0 &&
		   strcmp(now->index.schema, index.index.schema) == 0;
}

const char *DropCommand(const InvalidIndex &index, bool qualified)
{
	if (index.is_partition)
		return nullptr;
	return psprintf("DROP INDEX CONCURRENTLY %s;", NameFor(index, qualified));
}

const char *ReindexCommand(const InvalidIndex &index, bool qualified)
{
	if (!index.live || index.is_toast)
		return nullptr;
	// A rebuilt _ccnew would be the index twice, unless a partitioned index has taken it for its
	// own.
	if (IsTransient(index.index.name) && !index.is_partition)
		return nullptr;
	return psprintf("REINDEX INDEX CONCURRENTLY %s;", NameFor(index, qualified));
}

} // namespace psi
