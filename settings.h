/*
 * settings: for the C face only. The layers get what is in force as an argument.
 */
#ifndef PSI_SETTINGS_H
#define PSI_SETTINGS_H

#include "pg/face.h"

/* All libraries of a server share one name space. */
#pragma GCC visibility push(hidden)

/* The GUC machinery sets it, and resets on abort what a transaction has set. */
extern struct psi_settings psi_settings;

/* To be called once. Raises what PostgreSQL raises for a value that is not allowed. */
extern void psi_define_settings(void);

#pragma GCC visibility pop

#endif
