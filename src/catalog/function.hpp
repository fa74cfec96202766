// function: what can a call of a function do?
//
// Reads the system caches. Raises nothing but out of memory.
#pragma once

#include "pg/postgres.hpp"

namespace psi
{

// Can a function of this name, in any schema, change tables? A function that is not volatile
// cannot, since it executes no such command (_SPI_execute_plan()), nor can one that is part of
// PostgreSQL. True as well if there is no such function.
bool MayChangeTables(const char *function);

} // namespace psi
