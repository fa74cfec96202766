// stats_file: what a clean shutdown writes, and the next start reads.
//
// A file in pg_stat, removed once it is read: so after a crash, when the postmaster sets up shared
// memory anew without an end of its own, there is none, and everything starts empty.
#include "stats/shared_stats.hpp"

namespace psi
{

namespace
{

constexpr const char *file_name = PGSTAT_STAT_PERMANENT_DIRECTORY "/pg_safe_index.stat";
constexpr const char *temporary_name = PGSTAT_STAT_PERMANENT_DIRECTORY "/pg_safe_index.stat.tmp";

// What is written first; any difference means that somebody else's layout was written.
struct Header
{
	std::uint32_t magic;
	std::uint32_t version;
	std::uint32_t operations;
	std::uint32_t databases;
	std::uint32_t row_header;
	std::uint32_t rows;
	std::uint64_t recorded;
	TimestampTz reset_at;
};

constexpr std::uint32_t magic = 0x70736931;

// A file that is read or written with a checksum over it all.
struct File
{
	FILE *handle;
	pg_crc32c sum;
	bool good;
};

void Write(File &file, const void *data, Size size)
{
	file.good = file.good && fwrite(data, 1, size, file.handle) == size;
	COMP_CRC32C(file.sum, data, size);
}

void Read(File &file, void *data, Size size)
{
	file.good = file.good && fread(data, 1, size, file.handle) == size;
	if (file.good)
		COMP_CRC32C(file.sum, data, size);
}

File Begin(FILE *handle)
{
	File file{handle, 0, true};
	INIT_CRC32C(file.sum);
	return file;
}

struct SavedCounters
{
	std::uint64_t database; // as wide as the rest, so that there is no padding to write
	std::uint64_t actions[operation_count][action_count];
	std::uint64_t failed_builds[operation_count];
};

void WriteAll(File &file, Shared &stats)
{
	const Header header{magic,
						1,
						operation_count,
						databases_max,
						offsetof(Violation, text),
						RowsKept(stats),
						stats.recorded,
						stats.reset_at};
	Write(file, &header, sizeof(header));
	for (DatabaseCounters &place : stats.databases)
	{
		SavedCounters saved{};
		saved.database = pg_atomic_read_u32(&place.database);
		for (int operation = 0; operation < operation_count; ++operation)
		{
			for (int action = 0; action < action_count; ++action)
				saved.actions[operation][action] =
					pg_atomic_read_u64(&place.actions[operation][action]);
			saved.failed_builds[operation] = pg_atomic_read_u64(&place.failed_builds[operation]);
		}
		Write(file, &saved, sizeof(saved));
	}
	for (std::uint32_t i = 0; i < header.rows; ++i)
	{
		const Violation *row = ViolationAt(stats, stats.recorded - header.rows + i);
		const auto length = static_cast<std::uint32_t>(strlen(row->text));
		Write(file, row, offsetof(Violation, text));
		Write(file, &length, sizeof(length));
		Write(file, row->text, length);
	}
	const pg_crc32c sum = file.sum;
	file.good = file.good && fwrite(&sum, 1, sizeof(sum), file.handle) == sizeof(sum);
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
		File file = Begin(handle);
		WriteAll(file, *stats);
		good = FreeFile(handle) == 0 && file.good;
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

// No query text is longer (track_activity_query_size).
constexpr std::uint32_t text_length_max = 1024 * 1024;

// Reads a text that may be longer than there is room for today.
void ReadText(File &file, Violation &row, int room)
{
	std::uint32_t length = 0;
	Read(file, &length, sizeof(length));
	if (!file.good || length > text_length_max || !PG_VALID_ENCODING(row.encoding))
	{
		file.good = false;
		return;
	}
	auto *text = static_cast<char *>(palloc(length + 1));
	Read(file, text, length);
	if (file.good)
		memcpy(row.text, text,
			   pg_encoding_mbcliplen(row.encoding, text, static_cast<int>(length), room - 1));
	pfree(text);
}

// Into memory that nobody else uses yet. False if it is not what was written.
bool ReadAll(File &file, Shared &stats)
{
	Header header{};
	Read(file, &header, sizeof(header));
	if (!file.good || header.magic != magic || header.version != 1 ||
		header.operations != operation_count || header.databases != databases_max ||
		header.row_header != offsetof(Violation, text))
		return false;
	for (DatabaseCounters &place : stats.databases)
	{
		SavedCounters saved{};
		Read(file, &saved, sizeof(saved));
		pg_atomic_write_u32(&place.database, static_cast<Oid>(saved.database));
		for (int operation = 0; operation < operation_count; ++operation)
		{
			for (int action = 0; action < action_count; ++action)
				pg_atomic_write_u64(&place.actions[operation][action],
									saved.actions[operation][action]);
			pg_atomic_write_u64(&place.failed_builds[operation], saved.failed_builds[operation]);
		}
	}
	auto *row = static_cast<Violation *>(palloc(stats.row_size));
	for (std::uint32_t i = 0; i < header.rows && file.good; ++i)
	{
		memset(row, 0, stats.row_size);
		Read(file, row, offsetof(Violation, text));
		ReadText(file, *row, stats.text_size);
		if (stats.max_violations > 0)
			memcpy(ViolationAt(stats, header.recorded - header.rows + i), row, stats.row_size);
	}
	pfree(row);
	stats.recorded = header.recorded;
	stats.kept_from = header.recorded - header.rows;
	stats.reset_at = header.reset_at;
	const pg_crc32c computed = file.sum;
	pg_crc32c sum = 0;
	return file.good && fread(&sum, 1, sizeof(sum), file.handle) == sizeof(sum) &&
		   EQ_CRC32C(sum, computed) && fgetc(file.handle) == EOF;
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
	File file = Begin(handle);
	if (!ReadAll(file, stats))
	{
		ereport(LOG, (errcode(ERRCODE_DATA_CORRUPTED),
					  errmsg("ignoring invalid data in file \"%s\"", file_name)));
		ForgetStats(stats);
	}
	FreeFile(handle);
	unlink(file_name);
}

} // namespace psi
