/*
 * What the C face calls of the execute layer.
 */
#ifndef PSI_EXECUTE_FACE_H
#define PSI_EXECUTE_FACE_H

#include "pg/face.h"

PSI_BEGIN_C

/*
 * Is a command of this transaction postponed until after its COMMIT? False in an aborted block,
 * whose COMMIT is a ROLLBACK. Raises nothing.
 */
extern bool psi_is_postponed(void);

/*
 * Executes the COMMIT of a transaction with such commands, and then the commands: see
 * run_postponed.hpp.
 */
extern void psi_commit_postponed(const struct psi_call *call);

/*
 * Raises an error if ALTER ... IF EXISTS ... RENAME means an index that a postponed command is to
 * create: see postpone.hpp.
 */
extern void psi_check_rename(const struct psi_call *call);

PSI_END_C

#endif
