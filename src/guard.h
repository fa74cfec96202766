/*
 * guard: the walk of a statement through the layers.
 */
#ifndef PSI_GUARD_H
#define PSI_GUARD_H

#include "pg/face.h"

PSI_BEGIN_C

/*
 * Looks at one utility statement and has it executed, by go_on() and once. Raises an ERROR
 * (SQLSTATE 55000) in its place for a violation in mode error, a WARNING before it in mode warn.
 * The look neither waits for a lock nor keeps one. For a concurrent command see
 * execute/concurrent_build.hpp.
 */
extern void psi_execute(const struct psi_call *call, const struct psi_settings *settings);

PSI_END_C

#endif
