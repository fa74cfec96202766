// postponed_index: columns by their numbers.
#include "execute/postponed_index.hpp"

#include "catalog/target.hpp"
#include "message/postpone_message.hpp"
#include "pg/list.hpp"
#include "plan/index_build.hpp"
#include "plan/index_definition.hpp"

namespace psi
{

namespace
{

// The variables in the expressions and the predicate (Var).
List *VariablesIn(const IndexStmt &analyzed)
{
	List *variables = pull_var_clause(analyzed.whereClause, 0);
	for (const IndexElem *element : Each<const IndexElem>(analyzed.indexParams))
		variables = list_concat(variables, pull_var_clause(element->expr, 0));
	return variables;
}

// Calls `use(element, number)` for each key and each included column.
template <typename Use> void ForEachElement(const IndexStmt &create, const List *numbers, Use use)
{
	int i = 0;
	for (const List *elements : {create.indexParams, create.indexIncludingParams})
	{
		for (IndexElem *element : Each<IndexElem>(elements))
			use(*element, static_cast<AttrNumber>(list_nth_int(numbers, i++)));
	}
}

} // namespace

List *ColumnsOf(const IndexStmt &analyzed, Oid table)
{
	List *numbers = NIL;
	for (const List *elements : {analyzed.indexParams, analyzed.indexIncludingParams})
	{
		for (const IndexElem *element : Each<const IndexElem>(elements))
			numbers = lappend_int(numbers,
								  element->name != nullptr ? get_attnum(table, element->name) : 0);
	}
	return numbers;
}

bool UsesVirtualColumn(const IndexStmt &analyzed, Oid table)
{
	for (const Var *variable : Each<const Var>(VariablesIn(analyzed)))
	{
		const auto column = ReadColumn(table, variable->varattno);
		if (column.has_value() && column->is_virtual)
			return true;
	}
	return false;
}

bool IsVoid(const PostponedCommand &command)
{
	if (!ReadClass(command.table).has_value())
		return true;
	for (int i = 0; i < list_length(command.columns); ++i)
	{
		const auto number = static_cast<AttrNumber>(list_nth_int(command.columns, i));
		if (number > 0 && !ReadColumn(command.table, number).has_value())
			return true;
	}
	for (const Var *variable : Each<const Var>(VariablesIn(*command.create)))
	{
		if (variable->varattno > 0 && !ReadColumn(command.table, variable->varattno).has_value())
			return true;
	}
	return false;
}

PostponedCommand *FindPostponedCreate(Oid schema, const char *name)
{
	for (PostponedCommand &command : AllPostponed())
	{
		if (!command.IsOn() || command.operation != Operation::create_index ||
			strcmp(command.name, name) != 0 || IsVoid(command))
			continue;
		const auto table = ReadClass(command.table);
		if (table.has_value() && table->schema == schema)
			return &command;
	}
	return nullptr;
}

IndexStmt *FormNow(const PostponedCommand &command)
{
	const auto table = ReadClass(command.table);
	if (!table.has_value())
		return nullptr;
	auto *form = static_cast<IndexStmt *>(copyObjectImpl(command.create));
	bool gone = false;
	const auto rename = [&](IndexElem &element, AttrNumber number)
	{
		if (element.name == nullptr)
			return;
		const auto column = ReadColumn(command.table, number);
		gone = gone || !column.has_value();
		if (column.has_value())
			element.name = pstrdup(NameStr(column->name));
	};
	ForEachElement(*form, command.columns, rename);
	for (const Var *variable : Each<const Var>(VariablesIn(*form)))
	{
		if (variable->varattno <= 0)
			continue;
		const auto column = ReadColumn(command.table, variable->varattno);
		if (!column.has_value())
			return nullptr;
		if (column->type != variable->vartype || column->typmod != variable->vartypmod ||
			column->collation != variable->varcollid)
			RaiseAltered(NameStr(column->name));
	}
	if (gone)
		return nullptr;
	const RelationName name = QualifiedNameOf(*table);
	form->relation =
		makeRangeVar(const_cast<char *>(name.schema), const_cast<char *>(name.name), -1);
	form->concurrent = true;
	// The name that it would have got when it was sent, if that is still free.
	if (form->idxname == nullptr && !OidIsValid(get_relname_relid(command.name, table->schema)))
		form->idxname = pstrdup(command.name);
	return form;
}

const char *TextNow(const PostponedCommand &command, const IndexStmt &form)
{
	const auto table = ReadClass(command.table);
	if (!table.has_value())
		return command.command;
	bool renamed = table->schema != command.schema ||
				   strcmp(form.relation->relname, command.create->relation->relname) != 0;
	int i = 0;
	Array<const char *> before;
	ForEachElement(*command.create, command.columns,
				   [&](const IndexElem &element, AttrNumber) { before.Add(element.name); });
	const auto compare = [&](const IndexElem &element, AttrNumber)
	{
		const char *name = before[i++];
		renamed = renamed || (name != nullptr && strcmp(name, element.name) != 0);
	};
	ForEachElement(form, command.columns, compare);
	if (!renamed)
		return command.command;
	return WriteCommand(form, *table, form.idxname, command.command);
}

const char *WriteCommand(const IndexStmt &analyzed, const ClassRow &table, const char *name,
						 const char *otherwise)
{
	Target target;
	target.table_id = table.id;
	target.schema = table.schema;
	target.table = NameOf(table);
	const char *definition = DefinitionFromTree(analyzed, target, otherwise);
	if (definition == nullptr)
		return otherwise;
	Steps steps;
	BuildOnTable(steps, PlanForCreate(analyzed, definition), target.table,
				 {target.table.schema, name, true});
	return steps.All().First().text->data;
}

} // namespace psi
