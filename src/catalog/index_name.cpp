// index_name: after ChooseIndexName() and its helpers (indexcmds.c), which are not exported.
#include "catalog/index_name.hpp"

namespace psi
{

const char *JoinColumnNames(const IndexStmt &create)
{
	List *elements = list_concat_copy(create.indexParams, create.indexIncludingParams);
	List *names = NIL;
	StringInfoData joined;
	initStringInfo(&joined);

	for (int i = 0; i < list_length(elements); ++i)
	{
		const auto *element = static_cast<const IndexElem *>(list_nth(elements, i));
		const char *given = element->indexcolname;
		if (given == nullptr)
			given = element->name != nullptr ? element->name : FigureIndexColname(element->expr);
		if (given == nullptr)
			given = "expr";

		const auto is_taken = [names](const char *candidate)
		{
			for (int j = 0; j < list_length(names); ++j)
			{
				if (strcmp(static_cast<const char *>(list_nth(names, j)), candidate) == 0)
					return true;
			}
			return false;
		};
		char *name = pstrdup(given);
		for (int number = 1; is_taken(name); ++number)
		{
			char *digits = psprintf("%d", number);
			const int room = NAMEDATALEN - 1 - static_cast<int>(strlen(digits));
			const int kept = pg_mbcliplen(given, static_cast<int>(strlen(given)), room);
			name = psprintf("%.*s%s", kept, given, digits);
		}
		names = lappend(names, name);
		if (joined.len < NAMEDATALEN)
			appendStringInfo(&joined, "%s%s", i > 0 ? "_" : "", name);
	}
	return joined.data;
}

const char *ChooseIndexName(const RelationName &table, Oid schema, const char *columns,
							const char *label, const RelationName *given, int given_count)
{
	// The name of a constraint must not be that of another one in the schema, either.
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
