/*
 * guard: the walk of a statement through the layers.
 */
#ifndef PSI_GUARD_H
#define PSI_GUARD_H

#include "pg/face.h"

PSI_BEGIN_C

/*
 * Checks one utility statement and executes it once, as a rule with go_on(). A violation raises an
 * ERROR (SQLSTATE 55000) in mode error, and a WARNING before the statement is executed in mode
 * warn; in mode rewrite its safe form is executed instead. The check neither waits for a lock nor
 * keeps one. execute/concurrent_build.hpp says what is done for a concurrent command.
 */
extern void psi_execute(const struct psi_call *call, const struct psi_settings *settings);

PSI_END_C

#endif
