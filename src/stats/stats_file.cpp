// stats_file: what a clean shutdown writes, and the next start reads.
//
// A file in pg_stat, removed once it is read. So there is none after a crash, when the postmaster
// sets up shared memory again without having ended, and everything starts empty.
#include "stats/stats_format.hpp"

namespace psi
{

namespace
{

constexpr const char *file_name = PGSTAT_STAT_PERMANENT_DIRECTORY "/pg_safe_index.stat";
constexpr const char *temporary_name = PGSTAT_STAT_PERMANENT_DIRECTORY "/pg_safe_index.stat.tmp";

bool WriteTo(void *state, const void *data, Size size)
{
	return fwrite(data, 1, size, static_cast<FILE *>(state)) == size;
}

bool ReadFrom(void *state, void *data, Size size)
{
	return fread(data, 1, size, static_cast<FILE *>(state)) == size;
}

bool IsAtEnd(void *state)
{
	return fgetc(static_cast<FILE *>(state)) == EOF;
}

// Has the shutdown checkpoint been written?
bool IsShutDownCleanly()
{
	bool good = false;
	const ControlFileData *control = get_controlfile(DataDir, &good);
	return good && (control->state == DB_SHUTDOWNED || control->state == DB_SHUTDOWNED_IN_RECOVERY);
}

// At the end of the postmaster, when nobody else is there any more.
void AtShutdown(int code, Datum)
{
	Shared *stats = SharedStats();
	// Not after a crash, nor after an immediate shutdown, which comes here with the same code as a
	// clean one.
	if (code != 0 || stats == nullptr || !IsShutDownCleanly())
		return;
	FILE *handle = AllocateFile(temporary_name, PG_BINARY_W);
	bool good = handle != nullptr;
	if (good)
	{
		const bool written = WriteStats({handle, WriteTo}, *stats);
		const int reason = errno;
		good = FreeFile(handle) == 0 && written;
		if (!written)
			errno = reason;
	}
	if (good)
		durable_rename(temporary_name, file_name, LOG);
	else
	{
		ereport(LOG, (errcode_for_file_access(),
					  errmsg("could not write file \"%s\": %m", temporary_name)));
		unlink(temporary_name);
	}
}

} // namespace

void KeepStatsInFile(Shared &stats)
{
	on_shmem_exit(AtShutdown, static_cast<Datum>(0));

	FILE *handle = AllocateFile(file_name, PG_BINARY_R);
	if (handle == nullptr)
	{
		if (errno != ENOENT)
			ereport(LOG, (errcode_for_file_access(),
						  errmsg("could not read file \"%s\": %m", file_name)));
		unlink(file_name);
		return;
	}
	// It is gone before it is read: whatever it does to this server, it does only once.
	unlink(file_name);
	if (!ReadStats({handle, ReadFrom, IsAtEnd}, stats))
	{
		ereport(LOG, (errcode(ERRCODE_DATA_CORRUPTED),
					  errmsg("ignoring invalid data in file \"%s\"", file_name)));
		ForgetStats(stats);
	}
	FreeFile(handle);
}

} // namespace psi
