/*
 * What the C face calls of the script layer: the SQL functions pg_safe_index_check() and
 * pg_safe_index_plan().
 */
#ifndef PSI_SCRIPT_FACE_H
#define PSI_SCRIPT_FACE_H

#include "pg/face.h"

PSI_BEGIN_C

/*
 * Puts a row into the tuple store for each index command of a script, and for each statement whose
 * effect is not known. `script` is NUL-terminated. `settings` are those that the GUC machinery
 * holds: a SET of the script is applied to them, and taken back at the end. Executes nothing, and
 * neither waits for a lock nor keeps one. Raises syntax errors of the script.
 */
extern void psi_check_script(const char *script, bool single_transaction,
							 const struct psi_settings *settings, void *store, void *columns);

/*
 * Puts a row into the tuple store for each command of the safe form of a command, in the order in
 * which they are to be sent. A command that is safe is its own safe form. Executes nothing, and
 * neither waits for a lock nor keeps one. Raises an ERROR if there is no safe form, if PostgreSQL
 * itself would refuse the command, and if it is not exactly one statement.
 */
extern void psi_plan_command(const char *command, const struct psi_settings *settings, void *store,
							 void *columns);

PSI_END_C

#endif
