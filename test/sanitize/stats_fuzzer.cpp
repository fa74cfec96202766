// Any statistics file: stats_format against a reader of the same layout that is written another
// way.
//
// The bytes say what is in a file: rows, counters, then what is written over it, what it lacks and
// what is behind it. It gets a good checksum, so that the reader has only its own checks. What is
// taken has to be what a server could have written; what is taken is written and read again.
#include "stats/stats_format.hpp"

extern "C"
{
#include "utils/inet.h"
}

#include "exact_copy.hpp"

#include <arpa/inet.h>
#include <fuzzer/FuzzedDataProvider.h>
#include <string>
#include <vector>

using psi::Shared;
using psi::Violation;

// Of the backend, stats_format wants memory.
extern "C"
{
	void *palloc(Size size)
	{
		Expect(size <= 1024 * 1024, "no more memory than the longest text needs");
		return std::malloc(size);
	}
	void pfree(void *pointer)
	{
		std::free(pointer);
	}
	void ExceptionalCondition(const char *condition, const char *, const char *, int)
	{
		Expect(false, condition);
		std::abort();
	}
}

namespace
{

// The layout, in numbers.
constexpr std::size_t header_size = 40;
// Of a database, in version 2; 1, which 1.1 writes, has an action less.
constexpr std::size_t CountersIn(std::uint32_t version)
{
	return 6 * (version + 3) + 6;
}
constexpr std::size_t PlaceSizeIn(std::uint32_t version)
{
	return 8 + 8 * CountersIn(version);
}
constexpr std::size_t places = 128 + 1;
constexpr std::size_t names_at = 36; // in a row; five of them, of 64 bytes each
constexpr std::size_t row_size = names_at + 5 * 64;
constexpr std::size_t RowsAtIn(std::uint32_t version)
{
	return header_size + places * PlaceSizeIn(version);
}

constexpr std::int64_t earliest = -211813488000000000;
constexpr std::int64_t too_late = 9223371331200000000;

template <typename Number> void Append(std::string &bytes, Number number)
{
	bytes.append(reinterpret_cast<const char *>(&number), sizeof(number));
}

// Reads numbers one after the other.
class Cursor
{
  public:
	explicit Cursor(const std::string &text) : bytes(text)
	{
	}
	template <typename Number> Number Next()
	{
		Number number{};
		failed = failed || sizeof(number) > bytes.size() - at;
		if (failed)
			return number;
		std::memcpy(&number, bytes.data() + at, sizeof(number));
		at += sizeof(number);
		return number;
	}
	std::string Take(std::size_t size)
	{
		if (failed || size > bytes.size() - at)
		{
			failed = true;
			return {};
		}
		at += size;
		return bytes.substr(at - size, size);
	}

	const std::string &bytes;
	std::size_t at = 0;
	bool failed = false;
};

// How long is the character at the beginning of a text? 0: there is none.
std::size_t Utf8Length(const std::string &text, std::size_t at)
{
	const auto byte = [&](std::size_t i) -> unsigned
	{ return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u; };
	const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
	const unsigned first = byte(0);
	if (first == 0)
		return 0;
	if (first < 0x80)
		return 1;
	unsigned code = 0;
	std::size_t length = 0;
	if (first >= 0xC2 && first <= 0xDF)
		length = 2;
	else if ((first & 0xF0) == 0xE0)
		length = 3;
	else if (first >= 0xF0 && first <= 0xF4)
		length = 4;
	else
		return 0;
	code = first & (0xFFu >> (length + 1));
	for (std::size_t i = 1; i < length; ++i)
	{
		if (!follows(i))
			return 0;
		code = code << 6 | (byte(i) & 0x3F);
	}
	const bool shortest = length == 2 || code >= (length == 3 ? 0x800u : 0x10000u);
	const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
	return shortest && !surrogate && code <= 0x10FFFF ? length : 0;
}

// The whole characters at the beginning of a text, at most so many bytes.
std::string Characters(int encoding, const std::string &text, std::size_t most)
{
	std::size_t at = 0;
	while (at < text.size())
	{
		std::size_t length = 0;
		if (encoding == PG_UTF8)
			length = Utf8Length(text, at);
		else
		{
			const ExactCopy rest(std::string_view(text).substr(at));
			const int bytes = pg_encoding_verifymbchar(encoding, rest.View().data(),
													   static_cast<int>(rest.View().size()));
			length = text[at] == '\0' || bytes < 0 ? 0 : static_cast<std::size_t>(bytes);
		}
		if (length == 0 || at + length > most)
			break;
		at += length;
	}
	return text.substr(0, at);
}

bool IsText(int encoding, const std::string &text)
{
	return Characters(encoding, text, text.size()).size() == text.size();
}

struct Row
{
	std::string header;
	std::string text;
	int encoding;
};

// The numbers of a place that are not all 0.
struct Place
{
	std::size_t at;
	std::vector<std::uint64_t> numbers;
};

struct Contents
{
	std::uint32_t version;
	std::uint64_t recorded;
	std::vector<Place> counted;
	std::vector<Row> rows;
};

// What a file says up to its checksum; false if no server has written it.
bool Read(const std::string &bytes, Contents &contents)
{
	Cursor cursor(bytes);
	constexpr std::uint64_t most = 281474976710656;
	const auto timestamp = [](std::int64_t at) { return at >= earliest && at < too_late; };

	if (cursor.Next<std::uint32_t>() != 0x70736931)
		return false;
	const auto version = contents.version = cursor.Next<std::uint32_t>();
	if ((version != 1 && version != 2) || cursor.Next<std::uint32_t>() != 6 ||
		cursor.Next<std::uint32_t>() != 128 || cursor.Next<std::uint32_t>() != row_size)
		return false;
	const auto rows = cursor.Next<std::uint32_t>();
	contents.recorded = cursor.Next<std::uint64_t>();
	if (rows > 1000000 || rows > contents.recorded || contents.recorded > most ||
		!timestamp(cursor.Next<std::int64_t>()))
		return false;
	const std::size_t place_size = PlaceSizeIn(version);
	const std::string nothing(place_size, '\0');
	for (std::size_t place = 0; place < places; ++place)
	{
		const std::string numbers_there = cursor.Take(place_size);
		if (numbers_there == nothing) // for speed
			continue;
		Cursor number(numbers_there);
		const auto database = number.Next<std::uint64_t>();
		if (cursor.failed || database > 4294967295 || (place == places - 1 && database != 0))
			return false;
		contents.counted.push_back({place, {database}});
		for (std::size_t i = 0; i < CountersIn(version); ++i)
		{
			const auto count = number.Next<std::uint64_t>();
			if (count > most)
				return false;
			contents.counted.back().numbers.push_back(count);
		}
	}
	for (std::uint32_t i = 0; i < rows; ++i)
	{
		const std::string header = cursor.Take(row_size);
		if (cursor.failed)
			return false;
		Cursor field(header);
		const bool in_time = timestamp(field.Next<std::int64_t>());
		const auto size = field.Next<std::int64_t>();
		const auto database = field.Next<std::uint32_t>();
		const auto role = field.Next<std::uint32_t>();
		const auto pid = field.Next<std::int32_t>();
		const auto operation = field.Next<std::int16_t>();
		const auto mode = field.Next<std::int16_t>();
		const auto action = field.Next<std::int16_t>();
		const auto encoding = field.Next<std::int16_t>();
		if (!in_time || size < -1 || database == 0 || role == 0 || pid <= 0 || operation < 0 ||
			operation > 5 || mode < 0 || mode > 3 || action < 0 ||
			action > (version == 1 ? 3 : 4) || encoding < 0 || encoding > PG_ENCODING_BE_LAST)
			return false;
		for (int name = 0; name < 5; ++name)
		{
			const std::string place = field.Take(64);
			const std::size_t end = place.find('\0');
			if (end == std::string::npos)
				return false;
			const std::string text = place.substr(0, end);
			char address[16];
			if (name == 1 ? !text.empty() && inet_pton(AF_INET, text.c_str(), address) != 1 &&
								inet_pton(AF_INET6, text.c_str(), address) != 1
						  : !IsText(encoding, text))
				return false;
			// What the view does with it.
			if (name == 1 && !text.empty())
				Expect(pg_inet_net_pton(text.find(':') == std::string::npos ? PGSQL_AF_INET
																			: PGSQL_AF_INET6,
										text.c_str(), address, -1) >= 0,
					   "inet_in() takes the address");
		}
		const auto length = cursor.Next<std::uint32_t>();
		if (length >= 1024 * 1024)
			return false;
		const std::string text = cursor.Take(length);
		if (cursor.failed || !IsText(encoding, text))
			return false;
		contents.rows.push_back({header, text, encoding});
	}
	return !cursor.failed && cursor.at == bytes.size();
}

std::string Checksum(const std::string &bytes)
{
	pg_crc32c sum;
	INIT_CRC32C(sum);
	COMP_CRC32C(sum, bytes.data(), bytes.size());
	std::string result;
	Append(result, sum);
	return result;
}

constexpr const char *ascii_names[] = {
	"a_name_of_63_bytes____________________________________________x", "t", ""};
constexpr const char *names[] = {"", "t", "\xc3\xa4", "\xa4\xa2",
								 "a_name_of_63_bytes____________________________________________x"};
constexpr const char *addresses[] = {"", "192.0.2.1", "::1", "2001:db8::ffff", "::ffff:192.0.2.1"};
// What is next to a limit of one field or another.
constexpr std::int64_t small_numbers[] = {0, 1, -1, -2, 3, 4, 5, 6, 35, 42, 127, 128};
constexpr std::int64_t numbers[] = {1000000,
									1000001,
									1 << 20,
									INT16_MIN,
									INT16_MAX,
									INT32_MIN,
									INT32_MAX,
									std::int64_t{1} << 32,
									std::int64_t{1} << 48,
									(std::int64_t{1} << 48) + 1,
									INT64_MIN,
									INT64_MAX,
									earliest,
									earliest - 1,
									too_late,
									too_late - 1};

struct Field
{
	std::size_t at;
	std::size_t size;
};
constexpr Field header_fields[] = {{0, 4},  {4, 4},  {8, 4},  {12, 4},
								   {16, 4}, {20, 4}, {24, 8}, {32, 8}};
constexpr Field row_fields[] = {{0, 8},  {8, 8},   {16, 4},          {20, 4},  {24, 4},
								{28, 2}, {30, 2},  {32, 2},          {34, 2},  {row_size, 4},
								{99, 1}, {163, 1}, {227, 1},         {291, 1}, {355, 1},
								{36, 8}, {100, 8}, {row_size + 4, 2}};

std::string AnyRow(FuzzedDataProvider &bytes)
{
	std::string row;
	Append(row, std::int64_t{843000000000000000});
	Append(row, bytes.ConsumeIntegralInRange<std::int64_t>(-1, INT64_MAX));
	Append(row, bytes.ConsumeIntegralInRange<std::uint32_t>(1, UINT32_MAX));
	Append(row, bytes.ConsumeIntegralInRange<std::uint32_t>(1, UINT32_MAX));
	Append(row, bytes.ConsumeIntegralInRange<std::int32_t>(1, INT32_MAX));
	Append(row, bytes.ConsumeIntegralInRange<std::int16_t>(0, 5));
	Append(row, bytes.ConsumeIntegralInRange<std::int16_t>(0, 3));
	// The last one is none of 1.1.
	Append(row, bytes.ConsumeIntegralInRange<std::int16_t>(0, bytes.ConsumeBool() ? 4 : 3));
	const std::int16_t encodings[] = {PG_UTF8, PG_SQL_ASCII, PG_LATIN1, PG_EUC_JP, PG_WIN1252};
	Append(row, bytes.ConsumeBool()
					? bytes.PickValueInArray(encodings)
					: bytes.ConsumeIntegralInRange<std::int16_t>(0, PG_ENCODING_BE_LAST));
	// Most of it is good, so that one bad field decides.
	const bool ascii = bytes.ConsumeIntegralInRange<int>(0, 3) < 3;
	for (int i = 0; i < 5; ++i)
	{
		std::string name = i == 1  ? bytes.PickValueInArray(addresses)
						   : ascii ? bytes.PickValueInArray(ascii_names)
								   : bytes.PickValueInArray(names);
		if (!ascii && bytes.ConsumeIntegralInRange<int>(0, 15) == 0)
			name = bytes.ConsumeRandomLengthString(64);
		name.resize(64, '\0');
		row += name;
	}
	std::string text = bytes.ConsumeRandomLengthString(ascii ? 20 : 300);
	if (ascii)
	{
		for (char &c : text)
			c = static_cast<char>('!' + (c & 0x3F));
	}
	if (bytes.ConsumeIntegralInRange<int>(0, 3) == 0)
		text.resize(text.size() + bytes.ConsumeIntegralInRange<std::size_t>(120, 2000), 'x');
	Append(row, static_cast<std::uint32_t>(text.size()));
	return row + text;
}

// A number that is written over a field. What is chosen first is there in the shortest input.
struct Edit
{
	int region;
	std::size_t where;
	std::size_t row;
	int kind;
	std::int64_t number;
};

Edit AnyEdit(FuzzedDataProvider &bytes)
{
	Edit edit{};
	edit.region = bytes.ConsumeIntegralInRange<int>(0, 7);
	edit.where = edit.region > 2 ? bytes.ConsumeIntegral<std::uint8_t>()
								 : bytes.ConsumeIntegral<std::uint16_t>();
	edit.row = bytes.ConsumeIntegralInRange<std::size_t>(0, 4);
	edit.kind = bytes.ConsumeIntegralInRange<int>(0, 7);
	if (edit.kind == 0)
		edit.number = bytes.ConsumeIntegral<std::int64_t>();
	else if (edit.kind == 1)
		edit.number = bytes.PickValueInArray(numbers);
	else if (edit.kind < 4)
		edit.number = edit.kind == 2 ? 1 : -1;
	else
		edit.number = bytes.PickValueInArray(small_numbers);
	return edit;
}

void Apply(const Edit &edit, std::string &file, std::size_t rows_at,
		   const std::vector<std::size_t> &row_starts)
{
	Field field{0, 8};
	switch (edit.region)
	{
	case 0:
		field.at = header_size + 8 * (edit.where % ((rows_at - header_size) / 8));
		break;
	case 1:
		field = {edit.where % file.size(), 1};
		break;
	case 2:
		field = header_fields[edit.where % std::size(header_fields)];
		break;
	default:
		if (row_starts.empty())
			return;
		field = row_fields[edit.where % std::size(row_fields)];
		field.at += row_starts[edit.row % row_starts.size()];
	}
	if (field.at + field.size > file.size())
		return;
	std::int64_t number = 0;
	std::memcpy(&number, &file[field.at], field.size);
	number = edit.kind == 2 || edit.kind == 3
				 ? static_cast<std::int64_t>(static_cast<std::uint64_t>(number) +
											 static_cast<std::uint64_t>(edit.number))
				 : edit.number;
	std::memcpy(&file[field.at], &number, field.size);
}

// Up to the checksum.
std::string AnyFile(FuzzedDataProvider &bytes)
{
	std::vector<Edit> edits;
	for (int count = bytes.ConsumeIntegralInRange<int>(0, 3); count > 0; --count)
		edits.push_back(AnyEdit(bytes));
	const int end = bytes.ConsumeIntegralInRange<int>(0, 31);
	// Where the bytes end, everything is 0: five rows then.
	const auto rows = 5 - bytes.ConsumeIntegralInRange<std::uint32_t>(0, 5);
	const std::uint32_t version = 2 - bytes.ConsumeIntegralInRange<std::uint32_t>(0, 1);
	const std::size_t rows_at = RowsAtIn(version);
	std::string file;
	for (const std::uint32_t number :
		 {0x70736931u, version, 6u, 128u, std::uint32_t{row_size}, rows})
		Append(file, number);
	Append(file, std::uint64_t{rows} + bytes.ConsumeIntegralInRange<std::uint32_t>(0, 20));
	Append(file, std::int64_t{843000000000000000});
	file.resize(rows_at, '\0');
	std::vector<std::size_t> row_starts;
	for (std::uint32_t i = 0; i < rows; ++i)
	{
		row_starts.push_back(file.size());
		file += AnyRow(bytes);
	}
	for (const Edit &edit : edits)
		Apply(edit, file, rows_at, row_starts);
	if (end == 31)
		file.resize(bytes.ConsumeIntegralInRange<std::size_t>(0, file.size()));
	else if (end == 30)
		file += bytes.ConsumeRandomLengthString(100);
	return file;
}

// A file, and how far it has been read.
struct OpenFile
{
	std::string_view bytes;
	std::size_t at;
};

bool ReadFrom(void *state, void *data, Size size)
{
	auto &file = *static_cast<OpenFile *>(state);
	if (size > file.bytes.size() - file.at)
		return false;
	if (size > 0)
		std::memcpy(data, file.bytes.data() + file.at, size);
	file.at += size;
	return true;
}

bool IsAtEnd(void *state)
{
	const auto &file = *static_cast<OpenFile *>(state);
	return file.at == file.bytes.size();
}

bool WriteTo(void *state, const void *data, Size size)
{
	static_cast<std::string *>(state)->append(static_cast<const char *>(data), size);
	return true;
}

// Shared memory of exactly the size that it should have.
class Memory
{
  public:
	Memory(std::uint64_t rows, Size text_size)
	{
		const Size size = psi::PlaceSize(text_size);
		stats = static_cast<Shared *>(std::calloc(1, MAXALIGN(sizeof(Shared)) + size * rows));
		stats->ring.places = rows;
		stats->text_size = text_size;
		stats->place_size = size;
		// What lies in a place is not zero.
		std::memset(reinterpret_cast<char *>(stats) + MAXALIGN(sizeof(Shared)), 'x', size * rows);
	}
	~Memory()
	{
		std::free(stats);
	}
	Memory(const Memory &) = delete;
	Memory &operator=(const Memory &) = delete;

	bool Load(const std::string &bytes) const
	{
		const ExactCopy copy(bytes);
		OpenFile file{copy.View(), 0};
		return psi::ReadStats({&file, ReadFrom, IsAtEnd}, *stats);
	}
	std::string Store() const
	{
		std::string bytes;
		Expect(psi::WriteStats({&bytes, WriteTo}, *stats), "it is written");
		return bytes;
	}

	Shared *stats;
};

void CheckRows(Shared &stats, const Contents &contents)
{
	const std::uint64_t count = std::min<std::uint64_t>(contents.rows.size(), stats.ring.places);
	Expect(stats.ring.Kept() == count, "the rows that there is room for");
	Expect(stats.ring.next - stats.reset_row == contents.recorded, "how many were recorded");
	auto *copy = static_cast<Violation *>(std::malloc(stats.place_size));
	for (std::uint64_t i = 0; i < count; ++i)
	{
		const Row &row = contents.rows[contents.rows.size() - count + i];
		Expect(psi::CopyRow(stats, stats.ring.Oldest() + i, *copy), "the row is there");
		const Violation &found = *copy;
		Expect(std::memcmp(&found, row.header.data(), row_size) == 0, "a row as it was written");
		Expect(Characters(row.encoding, row.text, stats.text_size - 1) == found.text,
			   "a text as far as there is room, in whole characters");
		Expect(psi::UsedSize(stats, found) == row_size + std::strlen(found.text) + 1, "its size");
	}
	std::free(copy);
}

void CheckCounters(Shared &stats, const Contents &contents)
{
	const std::size_t actions = contents.version == 1 ? 4 : 5;
	for (const Place &place : contents.counted)
	{
		const auto &found = stats.databases[place.at];
		Expect(found.database.value == place.numbers[0], "the database of a place");
		for (std::size_t operation = 0; operation < 6; ++operation)
		{
			for (std::size_t action = 0; action < 5; ++action)
				Expect(found.actions[operation][action].value ==
						   (action < actions ? place.numbers[1 + operation * actions + action] : 0),
					   "a count as it was written, or none");
			Expect(found.failed_builds[operation].value ==
					   place.numbers[1 + 6 * actions + operation],
				   "the failed builds as they were written");
		}
	}
}

// A whole file, and a server that has room for so many rows, with so much text.
void CheckFile(const std::string &file, std::uint64_t rows, Size text_size)
{
	// The fuzzer learns from comparisons: another checksum may be the right one after all.
	const std::string body = file.substr(0, file.size() < 4 ? 0 : file.size() - 4);
	Contents contents{};
	const bool expected =
		file.size() >= 4 && file.substr(body.size()) == Checksum(body) && Read(body, contents);
	const Memory memory(rows, text_size);
	Expect(memory.Load(file) == expected, "taken or ignored");
	if (!expected)
		return;
	CheckRows(*memory.stats, contents);
	CheckCounters(*memory.stats, contents);

	// What a server writes that has read it, another server takes, and has the same.
	const std::string written = memory.Store();
	const Memory second(rows, text_size);
	Expect(second.Load(written), "what was taken is taken again");
	Expect(second.Store() == written, "what was taken twice is the same");
}

// Each field by itself at each number that is next to some limit. `bytes` make a file of that
// version with five rows.
void CheckLimits(std::uint32_t version, const std::string &bytes)
{
	FuzzedDataProvider provider(reinterpret_cast<const std::uint8_t *>(bytes.data()), bytes.size());
	const std::string file = AnyFile(provider);
	const std::size_t place_size = PlaceSizeIn(version);
	const std::size_t rows_at = RowsAtIn(version);
	Expect(file[4] == static_cast<char>(version), "a file of this version");
	Contents contents{};
	Expect(Read(file, contents) && contents.rows.size() == 5, "a file to begin with");
	const std::size_t last_row = file.size() - (file.size() - rows_at) / 5;
	const std::size_t last_place = rows_at - place_size;

	CheckFile("", 3, 100);
	CheckFile(file, 3, 100);
	CheckFile(file + "none", 3, 100);
	CheckFile(file + Checksum(file) + "x", 3, 100);
	// Rows that are promised, and are not there.
	for (const std::uint64_t recorded : {0, 1})
	{
		for (const std::uint32_t promised : {0, 1})
		{
			std::string rowless = file.substr(0, rows_at);
			std::memcpy(&rowless[20], &promised, sizeof(promised));
			std::memcpy(&rowless[24], &recorded, sizeof(recorded));
			CheckFile(rowless + Checksum(rowless), 3, 100);
		}
	}

	std::vector<Field> fields(std::begin(header_fields), std::end(header_fields));
	for (const std::size_t at :
		 {header_size, header_size + 8, last_place - 8, last_place, last_place + 8, rows_at - 8})
		fields.push_back({at, 8});
	for (const Field &field : row_fields)
		fields.push_back({last_row + field.at, field.size});
	for (const Field &field : fields)
	{
		const auto check = [&](std::int64_t number)
		{
			std::string changed = file;
			std::memcpy(&changed[field.at], &number, field.size);
			CheckFile(changed + Checksum(changed), 3, 100);
		};
		std::int64_t number = 0;
		std::memcpy(&number, &file[field.at], field.size);
		check(number + 1);
		check(number - 1);
		for (const std::int64_t small : small_numbers)
			check(small);
		for (const std::int64_t other : numbers)
			check(other);
	}
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	static bool begun = false;
	if (!begun)
	{
		CheckLimits(2, "");
		// FuzzedDataProvider takes numbers from the end: no edits, whole, five rows, then the
		// version.
		CheckLimits(1, std::string("\1\0\0\0", 4));
	}
	begun = true;

	FuzzedDataProvider bytes(data, size);
	const auto rows = bytes.ConsumeIntegralInRange<std::uint64_t>(0, 6);
	const auto text_size = bytes.ConsumeIntegralInRange<Size>(100, 1200);
	const int tail = bytes.ConsumeIntegralInRange<int>(0, 15);
	std::string file = AnyFile(bytes);
	if (tail != 15)
		file += Checksum(file);
	if (tail > 13)
		file += bytes.ConsumeRandomLengthString(8);
	CheckFile(file, rows, text_size);
	return 0;
}
