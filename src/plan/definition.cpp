// definition: the clauses in the order of the grammar of CREATE INDEX.
#include "plan/definition.hpp"

namespace psi
{

void AppendOptions(StringInfo out, const List *options)
{
	appendStringInfoChar(out, '(');
	for (int i = 0; i < list_length(options); ++i)
	{
		auto *option = static_cast<DefElem *>(list_nth(options, i));
		appendStringInfoString(out, i > 0 ? ", " : "");
		if (option->defnamespace != nullptr)
			appendStringInfo(out, "%s.", quote_identifier(option->defnamespace));
		appendStringInfoString(out, quote_identifier(option->defname));
		if (option->arg != nullptr)
			appendStringInfo(out, " = %s", quote_literal_cstr(defGetString(option)));
	}
	appendStringInfoChar(out, ')');
}

namespace
{

void AppendElement(StringInfo out, const IndexElem &element, List *context)
{
	if (element.name != nullptr)
		appendStringInfoString(out, quote_identifier(element.name));
	else
		appendStringInfo(out, "(%s)", deparse_expression(element.expr, context, false, false));
	if (element.collation != NIL)
		appendStringInfo(out, " COLLATE %s", NameListToQuotedString(element.collation));
	if (element.opclass != NIL)
		appendStringInfo(out, " %s", NameListToQuotedString(element.opclass));
	if (element.opclassopts != NIL)
	{
		appendStringInfoChar(out, ' ');
		AppendOptions(out, element.opclassopts);
	}
	if (element.ordering == SORTBY_ASC)
		appendStringInfoString(out, " ASC");
	else if (element.ordering == SORTBY_DESC)
		appendStringInfoString(out, " DESC");
	if (element.nulls_ordering == SORTBY_NULLS_FIRST)
		appendStringInfoString(out, " NULLS FIRST");
	else if (element.nulls_ordering == SORTBY_NULLS_LAST)
		appendStringInfoString(out, " NULLS LAST");
}

void AppendElements(StringInfo out, const List *elements, List *context)
{
	appendStringInfoChar(out, '(');
	for (int i = 0; i < list_length(elements); ++i)
	{
		appendStringInfoString(out, i > 0 ? ", " : "");
		AppendElement(out, *static_cast<const IndexElem *>(list_nth(elements, i)), context);
	}
	appendStringInfoChar(out, ')');
}

} // namespace

const char *DefinitionFromTree(const IndexStmt &create, const Target &target, const char *query)
{
	StringInfoData out;
	initStringInfo(&out);
	const bool written = WithRelationAtOnce(
		target.table_id,
		[&](Relation)
		{
			auto *copy = static_cast<IndexStmt *>(copyObjectImpl(&create));
			const IndexStmt *analyzed = transformIndexStmt(target.table_id, copy, query);
			List *context = deparse_context_for(target.table.name, target.table_id);

			if (analyzed->accessMethod != nullptr)
				appendStringInfo(&out, "USING %s ", quote_identifier(analyzed->accessMethod));
			AppendElements(&out, analyzed->indexParams, context);
			if (analyzed->indexIncludingParams != NIL)
			{
				appendStringInfoString(&out, " INCLUDE ");
				AppendElements(&out, analyzed->indexIncludingParams, context);
			}
			if (analyzed->nulls_not_distinct)
				appendStringInfoString(&out, " NULLS NOT DISTINCT");
			if (analyzed->options != NIL)
			{
				appendStringInfoString(&out, " WITH ");
				AppendOptions(&out, analyzed->options);
			}
			if (analyzed->tableSpace != nullptr)
				appendStringInfo(&out, " TABLESPACE %s", quote_identifier(analyzed->tableSpace));
			if (analyzed->whereClause != nullptr)
				appendStringInfo(&out, " WHERE %s",
								 deparse_expression(analyzed->whereClause, context, false, false));
		});
	return written ? out.data : nullptr;
}

} // namespace psi
