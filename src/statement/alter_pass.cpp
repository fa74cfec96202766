// alter_pass: after ATPrepCmd().
#include "statement/alter_pass.hpp"

namespace psi
{

AlterPass PassOf(const AlterTableCmd &command)
{
	switch (command.subtype)
	{
	case AT_DropColumn:
	case AT_DropConstraint:
	case AT_DropNotNull:
		return AlterPass::drop;
	case AT_AlterColumnType:
		return AlterPass::alter_type;
	case AT_AddColumn:
		return AlterPass::add_column;
	case AT_AddConstraint:
	{
		const auto *constraint = As<const Constraint>(command.def);
		if (constraint->indexname != nullptr)
			return AlterPass::use_index;
		// What else it can be is queued for AT_PASS_ADD_OTHERCONSTR (ATParseTransformCmd()).
		return constraint->contype == CONSTR_UNIQUE || constraint->contype == CONSTR_PRIMARY ||
					   constraint->contype == CONSTR_EXCLUSION
				   ? AlterPass::add_constraint
				   : AlterPass::after_the_build;
	}
	case AT_SetNotNull:
		return AlterPass::add_constraint;
	default:
		return AlterPass::after_the_build;
	}
}

} // namespace psi
