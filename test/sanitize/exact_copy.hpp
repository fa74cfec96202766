// exact_copy: what the fuzzers have in common: a copy of bytes in memory of exactly their size, so
// that AddressSanitizer sees a read of the byte behind; and the way to say what should hold.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

class ExactCopy
{
  public:
	explicit ExactCopy(std::string_view text)
		: bytes(static_cast<char *>(std::malloc(text.size()))), size(text.size())
	{
		if (size > 0)
			std::memcpy(bytes, text.data(), size);
	}
	~ExactCopy()
	{
		std::free(bytes);
	}
	ExactCopy(const ExactCopy &) = delete;
	ExactCopy &operator=(const ExactCopy &) = delete;

	std::string_view View() const
	{
		return {bytes, size};
	}

  private:
	char *bytes;
	std::size_t size;
};

inline void Expect(bool holds, const char *what)
{
	if (holds)
		return;
	std::fprintf(stderr, "Does not hold: %s\n", what);
	std::abort();
}
