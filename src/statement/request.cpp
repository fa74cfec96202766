// request: one function for each kind of statement.
#include "statement/request.hpp"

#include "pg/list.hpp"
#include "statement/alter_pass.hpp"

namespace psi
{

namespace
{

Requests One(const Request &request)
{
	Requests requests;
	requests.Add(request);
	return requests;
}

Requests CreateIndex(const IndexStmt *create)
{
	Request request;
	request.operation = Operation::create_index;
	request.concurrently = create->concurrent;
	request.name = create->relation;
	request.create = create;
	return One(request);
}

// Can a DROP of this kind reach an index of a table that it leaves alone?
bool MayCascade(const DropStmt &drop)
{
	if (drop.behavior != DROP_CASCADE)
		return false;
	switch (drop.removeType)
	{
	case OBJECT_EXTENSION:
	case OBJECT_SCHEMA:
	case OBJECT_COLLATION:
	case OBJECT_TYPE:
	case OBJECT_DOMAIN:
	case OBJECT_OPCLASS:
	case OBJECT_OPFAMILY:
	case OBJECT_FUNCTION:
	case OBJECT_PROCEDURE:
	case OBJECT_ROUTINE:
	case OBJECT_OPERATOR:
	case OBJECT_TSCONFIGURATION:
	case OBJECT_TSDICTIONARY:
		return true;
	default:
		return false;
	}
}

Requests DropIndex(const DropStmt *drop)
{
	Requests requests;
	if (MayCascade(*drop))
	{
		Request request;
		request.operation = Operation::drop_index;
		request.drop = drop;
		return One(request);
	}
	if (drop->removeType != OBJECT_INDEX)
		return requests;
	requests.Reserve(list_length(drop->objects));
	for (List *name : Each<List>(drop->objects))
	{
		Request &request = requests.Add({});
		request.operation = Operation::drop_index;
		request.concurrently = drop->concurrent;
		request.missing_ok = drop->missing_ok;
		request.cascade = drop->behavior == DROP_CASCADE;
		request.dropped = name;
	}
	return requests;
}

// As ExecReindex() reads the options: the last one of a name counts. PostgreSQL refuses an unknown
// option, and a value that is not one, before it takes a lock.
Requests Reindex(const ReindexStmt *reindex)
{
	Request request;
	for (DefElem *option : Each<DefElem>(reindex->params))
	{
		if (strcmp(option->defname, "concurrently") == 0)
			request.concurrently = defGetBoolean(option);
		else if (strcmp(option->defname, "verbose") == 0)
			defGetBoolean(option);
		else if (strcmp(option->defname, "tablespace") == 0)
			request.tablespace = defGetString(option);
		else
			return {};
	}
	request.operation = Operation::reindex;
	request.name = reindex->relation;
	request.reindex = reindex;
	return One(request);
}

Requests MoveAll(const AlterTableMoveAllStmt *move)
{
	if (move->objtype != OBJECT_INDEX)
		return {};
	Request request;
	request.operation = Operation::move_index;
	request.move_all = move;
	request.tablespace = move->new_tablespacename;
	return One(request);
}

void AddToSummary(AlterSummary &summary, const ColumnDef &column)
{
	summary.added_columns.Add(column.colname);
	if (IsVirtualGenerated(column))
		summary.virtual_columns.Add(column.colname);
}

const AlterSummary *Summarize(const AlterTableStmt &alter)
{
	AlterSummary *summary = Make(AlterSummary{});
	for (const AlterTableCmd *command : Each<const AlterTableCmd>(alter.cmds))
	{
		switch (command->subtype)
		{
		case AT_AddColumn:
			AddToSummary(*summary, *As<ColumnDef>(command->def));
			break;
		case AT_DropColumn:
			summary->dropped_columns.Add(command->name);
			summary->drops_constraint = true;
			break;
		case AT_DropConstraint:
			summary->dropped_constraints = lappend(summary->dropped_constraints, command->name);
			summary->drops_constraint = true;
			break;
		case AT_DropNotNull:
			summary->nullable_columns.Add(command->name);
			summary->drops_constraint = true;
			break;
		case AT_AlterColumnType:
			summary->retyped_columns.Add(command->name);
			break;
		default:
			break;
		}
	}
	return summary;
}

// The requests of one subcommand, added to those of the ALTER TABLE. `request` has what they share.
void AddColumn(Requests &requests, Request request, const ColumnDef *column)
{
	request.operation = Operation::add_constraint;
	request.column = column;
	for (const Constraint *constraint : Each<const Constraint>(column->constraints))
	{
		request.constraint = constraint;
		if (BuildsIndex(*constraint))
			requests.Add(request);
	}
}

void AddSubcommand(Requests &requests, Request request, const AlterTableCmd &command)
{
	switch (command.subtype)
	{
	case AT_AddConstraint:
		request.operation = Operation::add_constraint;
		request.constraint = As<const Constraint>(command.def);
		// A primary key may make columns NOT NULL, even if it builds no index.
		request.uses_index = request.constraint->contype == CONSTR_PRIMARY &&
							 request.constraint->indexname != nullptr;
		if (BuildsIndex(*request.constraint) || request.uses_index)
			requests.Add(request);
		break;
	case AT_AddColumn:
		AddColumn(requests, request, As<const ColumnDef>(command.def));
		break;
	case AT_AttachPartition:
		request.operation = Operation::attach_partition;
		request.attach = As<const PartitionCmd>(command.def);
		// ALTER INDEX ... ATTACH PARTITION builds nothing.
		if (request.alter->objtype == OBJECT_TABLE)
			requests.Add(request);
		break;
	case AT_SetTableSpace:
		request.operation = Operation::move_index;
		request.tablespace = command.name;
		requests.Add(request);
		break;
	default:
		break;
	}
}

// Adds the requests of the subcommands that belong to one pass, in the order of the text.
void AddPass(Requests &requests, Request request, AlterPass pass)
{
	for (const AlterTableCmd *command : Each<const AlterTableCmd>(request.alter->cmds))
	{
		if (PassOf(*command) == pass)
			AddSubcommand(requests, request, *command);
		++request.subcommand;
	}
}

Requests AlterTable(const AlterTableStmt *alter)
{
	Requests requests;
	Request request;
	request.missing_ok = alter->missing_ok;
	request.name = alter->relation;
	request.alter = alter;
	request.summary = Summarize(*alter);
	for (const AlterPass pass : {AlterPass::use_index, AlterPass::add_column,
								 AlterPass::add_constraint, AlterPass::after_the_build})
		AddPass(requests, request, pass);
	return requests;
}

} // namespace

bool BuildsIndex(const Constraint &constraint)
{
	return constraint.contype == CONSTR_EXCLUSION ||
		   ((constraint.contype == CONSTR_UNIQUE || constraint.contype == CONSTR_PRIMARY) &&
			constraint.indexname == nullptr);
}

Requests AskedFor(const Node *statement)
{
	switch (nodeTag(statement))
	{
	case T_IndexStmt:
		return CreateIndex(As<IndexStmt>(statement));
	case T_DropStmt:
		return DropIndex(As<DropStmt>(statement));
	case T_ReindexStmt:
		return Reindex(As<ReindexStmt>(statement));
	case T_AlterTableStmt:
		return AlterTable(As<AlterTableStmt>(statement));
	case T_AlterTableMoveAllStmt:
		return MoveAll(As<AlterTableMoveAllStmt>(statement));
	default:
		return {};
	}
}

StatementText TextOf(const PlannedStmt &statement, const char *query)
{
	const int whole = static_cast<int>(strlen(query));
	// -1 and 0 stand for "not known": the statement takes up the whole text.
	const int offset = statement.stmt_location > 0 && statement.stmt_location <= whole
						   ? statement.stmt_location
						   : 0;
	const int rest = whole - offset;
	const int length =
		statement.stmt_len > 0 && statement.stmt_len < rest ? statement.stmt_len : rest;
	return {pnstrdup(query + offset, length), offset};
}

} // namespace psi
