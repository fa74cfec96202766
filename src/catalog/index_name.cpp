// index_name: follows ChooseIndexName() and its helpers (indexcmds.c), which are not exported.
#include "catalog/index_name.hpp"

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

const char *ChooseIndexName(const RelationName &table, Oid schema, const char *columns,
							const char *label, const RelationName *given, int given_count)
{
	// The name of a constraint must not be that of another constraint in the schema, either.
	const bool is_constraint = strcmp(label, "idx") != 0;
	const auto is_given = [&](const char *name)
	{
		for (int i = 0; i < given_count; ++i)
		{
			if (strcmp(given[i].schema, table.schema) == 0 && strcmp(given[i].name, name) == 0)
				return true;
		}
		return false;
	};
	const char *numbered = label;
	for (int number = 1;; ++number)
	{
		const char *name = makeObjectName(table.name, columns, numbered);
		if (!OidIsValid(get_relname_relid(name, schema)) &&
			!(is_constraint && ConstraintNameExists(name, schema)) && !is_given(name))
			return name;
		numbered = psprintf("%s%d", label, number);
	}
}

} // namespace psi
