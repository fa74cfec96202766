// index_name: follows ChooseIndexName() and its helpers (indexcmds.c), which are not exported.
#include "catalog/index_name.hpp"

#include "pg/hash.hpp"
#include "pg/list.hpp"

namespace psi
{

namespace
{

// ChooseIndexColumnNames(): the name of one column, before numbers are appended.
const char *BareName(const IndexElem &element)
{
	if (element.indexcolname != nullptr)
		return element.indexcolname;
	const char *name = element.name != nullptr ? element.name : FigureIndexColname(element.expr);
	return name != nullptr ? name : "expr";
}

bool Contains(const List *names, const char *name)
{
	for (const char *other : Each<const char>(names))
	{
		if (strcmp(other, name) == 0)
			return true;
	}
	return false;
}

} // namespace

const char *JoinColumnNames(const IndexStmt &create)
{
	const List *elements = list_concat_copy(create.indexParams, create.indexIncludingParams);
	List *names = NIL;
	StringInfoData joined;
	initStringInfo(&joined);

	for (const IndexElem *element : Each<const IndexElem>(elements))
	{
		const char *bare = BareName(*element);
		char *name = pstrdup(bare);
		for (int number = 1; Contains(names, name); ++number)
		{
			char *digits = psprintf("%d", number);
			const int length = NAMEDATALEN - 1 - static_cast<int>(strlen(digits));
			const int kept = pg_mbcliplen(bare, static_cast<int>(strlen(bare)), length);
			name = psprintf("%.*s%s", kept, bare, digits);
		}
		if (joined.len < NAMEDATALEN)
			appendStringInfo(&joined, "%s%s", names != NIL ? "_" : "", name);
		names = lappend(names, name);
	}
	return joined.data;
}

struct GivenNames::Name
{
	struct Key
	{
		Oid schema;
		NameData name;
	} key;
	bool given;
	bool freed;
	int next;
};

GivenNames::Name &GivenNames::Find(Oid schema, const char *name)
{
	if (names == nullptr)
		names = MakeHash<Name>("pg_safe_index names", sizeof(Name::Key));
	Name::Key key{};
	key.schema = schema;
	namestrcpy(&key.name, name);
	bool found = false;
	auto &entry = *static_cast<Name *>(hash_search(names, &key, HASH_ENTER, &found));
	if (!found)
	{
		entry.given = false;
		entry.freed = false;
		entry.next = 0;
	}
	return entry;
}

void GivenNames::Add(Oid schema, const char *name)
{
	Find(schema, name).given = true;
}

void GivenNames::AddFreed(Oid schema, const char *name)
{
	Find(schema, name).freed = true;
}

const GivenNames::Name *GivenNames::FindIfThere(Oid schema, const char *name) const
{
	if (names == nullptr)
		return nullptr;
	Name::Key key{};
	key.schema = schema;
	namestrcpy(&key.name, name);
	return static_cast<const Name *>(hash_search(names, &key, HASH_FIND, nullptr));
}

bool GivenNames::Has(Oid schema, const char *name) const
{
	const Name *entry = FindIfThere(schema, name);
	return entry != nullptr && entry->given;
}

bool GivenNames::IsFreed(Oid schema, const char *name) const
{
	const Name *entry = FindIfThere(schema, name);
	return entry != nullptr && entry->freed;
}

int &GivenNames::NextNumber(Oid schema, const char *first)
{
	return Find(schema, first).next;
}

namespace
{

// The first name that is free, with a number if need be. `is_free(const char *name)`.
template <typename IsFree>
const char *ChooseFreeName(const RelationName &table, Oid schema, const char *columns,
						   const char *label, GivenNames &given, IsFree is_free)
{
	// Many tables have the same first name if it has to be truncated. All that this search finds
	// taken is taken for them, too: truncation goes on from there with every number.
	int &number = given.NextNumber(schema, makeObjectName(table.name, columns, label));
	for (;; ++number)
	{
		CHECK_FOR_INTERRUPTS();
		char numbered[NAMEDATALEN];
		snprintf(numbered, sizeof(numbered), number > 0 ? "%s%d" : "%s", label, number);
		char *name = makeObjectName(table.name, columns, numbered);
		if (!given.Has(schema, name) && is_free(name))
			return name;
		pfree(name);
	}
}

} // namespace

const char *ChooseIndexName(const RelationName &table, Oid schema, const char *columns,
							const char *label, GivenNames &given)
{
	// The name of a constraint must not be that of another constraint in the schema, either.
	const bool is_constraint = strcmp(label, "idx") != 0;
	const auto is_free = [schema, is_constraint, &given](const char *name)
	{
		return (!OidIsValid(get_relname_relid(name, schema)) || given.IsFreed(schema, name)) &&
			   !(is_constraint && ConstraintNameExists(name, schema));
	};
	return ChooseFreeName(table, schema, columns, label, given, is_free);
}

const char *ChooseFreeConstraintName(const RelationName &table, Oid schema, const char *columns,
									 const char *label, GivenNames &given)
{
	const auto is_free = [schema](const char *name) { return !ConstraintNameExists(name, schema); };
	return ChooseFreeName(table, schema, columns, label, given, is_free);
}

} // namespace psi
