/*
 * What the C face calls of the script layer: the SQL function pg_safe_index_check().
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

PSI_END_C

#endif
