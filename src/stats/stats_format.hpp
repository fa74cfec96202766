// stats_format: the counters and the record as bytes, as the statistics file has them.
//
// What is read is not trusted: a correct checksum proves only that somebody has written it so.
// Every field is checked, so that nothing in the file can mislead a reader of the shared memory or
// make a view fail. The bytes come from functions and go to functions, not files, so that
// test/sanitize can pass in anything. Takes no lock; raises nothing but out of memory, and takes at
// most 1 MB.
#pragma once

#include "stats/shared_stats.hpp"

namespace psi
{

// Where bytes come from.
struct Source
{
	void *state;
	// False if there are fewer than `size`.
	bool (*read)(void *state, void *data, Size size);
	// Is there nothing left?
	bool (*ended)(void *state);
};

// Where bytes go.
struct Sink
{
	void *state;
	// False if they could not be written.
	bool (*write)(void *state, const void *data, Size size);
};

// Nobody else uses `stats` meanwhile. False if something could not be written.
bool WriteStats(const Sink &sink, Shared &stats);
// Nobody else uses `stats` yet. False if this is not what WriteStats() has written, or could have
// written; the caller has to forget what is in `stats` then.
bool ReadStats(const Source &source, Shared &stats);

// So many bytes of a text are whole, valid characters, of its first `most` bytes.
Size ValidLength(int encoding, const char *text, Size most);

} // namespace psi
