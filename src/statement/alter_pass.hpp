// alter_pass: in which order does PostgreSQL execute the subcommands of an ALTER TABLE?
//
// Not in that of the text, but in passes (AT_PASS_... in tablecmds.c), each of which goes over all
// subcommands in that of the text. This is the only place that knows the passes. Pure: reads the
// parse tree only.
#pragma once

#include "pg/node.hpp"

namespace psi
{

// The passes as far as they matter for indexes, in their order. The same in 15 to 19.
enum class AlterPass
{
	drop,            // AT_PASS_DROP: columns, constraints, NOT NULL
	alter_type,      // AT_PASS_ALTER_TYPE
	add_column,      // AT_PASS_ADD_COL: the indexes of its constraints are only noted down
	add_constraint,  // AT_PASS_ADD_CONSTR to AT_PASS_COL_ATTRS: the indexes are only noted down
	use_index,       // AT_PASS_ADD_INDEXCONSTR: ADD CONSTRAINT ... USING INDEX
	build,           // AT_PASS_ADD_INDEX: those noted down are built, in the order of the notes
	after_the_build, // AT_PASS_ADD_OTHERCONSTR, AT_PASS_MISC, and what rewrites the table
};

// The pass in which PostgreSQL finds out that it has to refuse the subcommand because of a name:
// the one that it is executed in (ATPrepCmd()), which for those that build an index comes before
// the build.
AlterPass PassOf(const AlterTableCmd &command);

} // namespace psi
