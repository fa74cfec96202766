// stats_format: header, counters, rows, checksum, in the byte order and layout of this machine.
#include "stats/stats_format.hpp"

#include <arpa/inet.h>

namespace psi
{

namespace
{

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

// The counters of a database are numbers of 64 bits: its OID; for each operation a count for each
// action; for each operation the failed builds.
constexpr int CountersWith(int actions)
{
	return 1 + operation_count * (actions + 1);
}

constexpr std::uint32_t magic = 0x70736931;
// The version of the layout, which is not that of the extension.
constexpr std::uint32_t version = 2;
// How many actions each version knows; those that came later come last. 1 is that of 1.1.
constexpr int actions_in[version + 1] = {0, 4, action_count};

// No counter gets this far: it takes nine years at one for each microsecond. The views show int8
// and add counters up, and the server goes on counting from what it has read.
constexpr std::uint64_t count_max = std::uint64_t{1} << 48;
// No query text is longer (track_activity_query_size), its NUL included.
constexpr std::uint32_t text_size_max = 1024 * 1024;

struct Output
{
	const Sink &sink;
	pg_crc32c sum;
	bool good;
};

void Write(Output &output, const void *data, Size size)
{
	output.good = output.good && output.sink.write(output.sink.state, data, size);
	COMP_CRC32C(output.sum, data, size);
}

struct Input
{
	const Source &source;
	pg_crc32c sum;
};

bool Read(Input &input, void *data, Size size)
{
	if (!input.source.read(input.source.state, data, size))
		return false;
	COMP_CRC32C(input.sum, data, size);
	return true;
}

bool IsSound(const Header &header)
{
	return header.magic == magic && header.version >= 1 && header.version <= version &&
		   header.operations == operation_count && header.databases == databases_max &&
		   header.row_header == offsetof(Violation, text) && header.rows <= PSI_VIOLATIONS_MAX &&
		   header.rows <= header.recorded && header.recorded <= count_max &&
		   IS_VALID_TIMESTAMP(header.reset_at);
}

bool AreSound(const std::uint64_t *numbers, int count, bool others)
{
	if (numbers[0] > (others ? InvalidOid : PG_UINT32_MAX))
		return false;
	for (int i = 1; i < count; ++i)
	{
		if (numbers[i] > count_max)
			return false;
	}
	return true;
}

bool IsWithin(int value, int count)
{
	return value >= 0 && value < count;
}

bool IsName(int encoding, const char (&name)[NAMEDATALEN])
{
	const Size length = strnlen(name, NAMEDATALEN);
	return length < NAMEDATALEN && ValidLength(encoding, name, length) == length;
}

// Empty, or what the view can make an inet of.
bool IsAddress(const char (&client)[client_size])
{
	if (strnlen(client, client_size) == client_size)
		return false;
	in6_addr address; // has room for either
	return client[0] == '\0' || inet_pton(AF_INET, client, &address) == 1 ||
		   inet_pton(AF_INET6, client, &address) == 1;
}

// All but the text, which has not been read yet.
bool IsSound(const Violation &row, int actions)
{
	return IS_VALID_TIMESTAMP(row.at) && row.size >= -1 && OidIsValid(row.database) &&
		   OidIsValid(row.role) && row.pid > 0 && IsWithin(row.operation, operation_count) &&
		   IsWithin(row.mode, static_cast<int>(Mode::rewrite) + 1) &&
		   IsWithin(row.action, actions) && PG_VALID_BE_ENCODING(row.encoding) &&
		   IsName(row.encoding, row.application) && IsAddress(row.client) &&
		   IsName(row.encoding, row.schema) && IsName(row.encoding, row.table) &&
		   IsName(row.encoding, row.index);
}

bool ReadPlace(Input &input, DatabaseCounters &place, int actions, bool others)
{
	std::uint64_t numbers[CountersWith(action_count)];
	const int count = CountersWith(actions);
	if (!Read(input, numbers, static_cast<Size>(count) * sizeof(numbers[0])) ||
		!AreSound(numbers, count, others))
		return false;
	const std::uint64_t *number = numbers;
	pg_atomic_write_u32(&place.database, static_cast<Oid>(*number++));
	for (auto &counts : place.actions)
	{
		for (int action = 0; action < actions; ++action)
			pg_atomic_write_u64(&counts[action], *number++);
	}
	for (auto &failed : place.failed_builds)
		pg_atomic_write_u64(&failed, *number++);
	return true;
}

// The text may be longer than there is room for today.
bool ReadRow(Input &input, Shared &stats, std::uint64_t number, int actions)
{
	Violation header;
	std::uint32_t length = 0;
	if (!Read(input, &header, offsetof(Violation, text)) || !IsSound(header, actions) ||
		!Read(input, &length, sizeof(length)) || length >= text_size_max)
		return false;
	auto *row = static_cast<Violation *>(palloc(offsetof(Violation, text) + length + 1));
	memcpy(row, &header, offsetof(Violation, text));
	const bool good =
		Read(input, row->text, length) && ValidLength(row->encoding, row->text, length) == length;
	if (good && stats.ring.places > 0)
	{
		const Size kept = ValidLength(row->encoding, row->text, Min(length, stats.text_size - 1));
		row->text[kept] = '\0';
		WriteRow(stats, number, *row, offsetof(Violation, text) + kept + 1);
	}
	pfree(row);
	return good;
}

} // namespace

Size ValidLength(int encoding, const char *text, Size most)
{
	return static_cast<Size>(
		pg_encoding_verifymbstr(encoding, text, static_cast<int>(strnlen(text, most))));
}

bool WriteStats(const Sink &sink, Shared &stats)
{
	Output output{sink, 0, true};
	INIT_CRC32C(output.sum);
	const Header header{magic,
						version,
						operation_count,
						databases_max,
						offsetof(Violation, text),
						static_cast<std::uint32_t>(stats.ring.Kept()),
						stats.ring.next - stats.reset_row,
						stats.reset_at};
	Write(output, &header, sizeof(header));
	for (DatabaseCounters &place : stats.databases)
	{
		std::uint64_t numbers[CountersWith(action_count)];
		std::uint64_t *number = numbers;
		*number++ = pg_atomic_read_u32(&place.database);
		for (auto &counts : place.actions)
		{
			for (auto &count : counts)
				*number++ = pg_atomic_read_u64(&count);
		}
		for (auto &failed : place.failed_builds)
			*number++ = pg_atomic_read_u64(&failed);
		Write(output, numbers, sizeof(numbers));
	}
	for (std::uint64_t number = stats.ring.Oldest(); number < stats.ring.next; ++number)
	{
		const Violation &row = PlaceAt(stats, number).row;
		const auto length =
			static_cast<std::uint32_t>(UsedSize(stats, row) - offsetof(Violation, text) - 1);
		Write(output, &row, offsetof(Violation, text));
		Write(output, &length, sizeof(length));
		Write(output, row.text, length);
	}
	return output.good && sink.write(sink.state, &output.sum, sizeof(output.sum));
}

bool ReadStats(const Source &source, Shared &stats)
{
	Input input{source, 0};
	INIT_CRC32C(input.sum);
	Header header;
	if (!Read(input, &header, sizeof(header)) || !IsSound(header))
		return false;
	const int actions = actions_in[header.version];
	for (int i = 0; i <= databases_max; ++i)
	{
		if (!ReadPlace(input, stats.databases[i], actions, i == databases_max))
			return false;
	}
	stats.ring.next = header.recorded;
	stats.ring.first = header.recorded - header.rows;
	stats.reset_row = 0;
	stats.reset_at = header.reset_at;
	for (std::uint64_t number = stats.ring.first; number < stats.ring.next; ++number)
	{
		if (!ReadRow(input, stats, number, actions))
			return false;
	}
	const pg_crc32c computed = input.sum;
	pg_crc32c sum = 0;
	return source.read(source.state, &sum, sizeof(sum)) && EQ_CRC32C(sum, computed) &&
		   source.ended(source.state);
}

} // namespace psi
