#include "text/unicode_16.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "text/utf8.h"

namespace voxtral_tts::text {
namespace {

enum CharClass : uint8_t { kLu, kLl, kLm, kLo, kMark, kNumber, kOther };

struct Range {
  char32_t first;
  char32_t last; // inclusive
  CharClass char_class;
};

// The letters, marks and numbers that Unicode 15.0, 15.1 and 16.0 added, from
// the General_Category property of Unicode 16, with two more: U+0295, which
// turns from Ll into Lo in Unicode 17, and U+180E. Sorted, disjoint. The class
// test over all code points fails when a row is missing.
constexpr Range kRanges[] = {
    {0x0295, 0x0295, kLl},       {0x0897, 0x0897, kMark},
    {0x0CF3, 0x0CF3, kMark},     {0x0ECE, 0x0ECE, kMark},
    {0x180E, 0x180E, kOther},    {0x1C89, 0x1C89, kLu},
    {0x1C8A, 0x1C8A, kLl},       {0xA7CB, 0xA7CC, kLu},
    {0xA7CD, 0xA7CD, kLl},       {0xA7DA, 0xA7DA, kLu},
    {0xA7DB, 0xA7DB, kLl},       {0xA7DC, 0xA7DC, kLu},
    {0x105C0, 0x105F3, kLo},     {0x10D40, 0x10D49, kNumber},
    {0x10D4A, 0x10D4D, kLo},     {0x10D4E, 0x10D4E, kLm},
    {0x10D4F, 0x10D4F, kLo},     {0x10D50, 0x10D65, kLu},
    {0x10D69, 0x10D6D, kMark},   {0x10D6F, 0x10D6F, kLm},
    {0x10D70, 0x10D85, kLl},     {0x10EC2, 0x10EC4, kLo},
    {0x10EFC, 0x10EFF, kMark},   {0x1123F, 0x11240, kLo},
    {0x11241, 0x11241, kMark},   {0x11380, 0x11389, kLo},
    {0x1138B, 0x1138B, kLo},     {0x1138E, 0x1138E, kLo},
    {0x11390, 0x113B5, kLo},     {0x113B7, 0x113B7, kLo},
    {0x113B8, 0x113C0, kMark},   {0x113C2, 0x113C2, kMark},
    {0x113C5, 0x113C5, kMark},   {0x113C7, 0x113CA, kMark},
    {0x113CC, 0x113D0, kMark},   {0x113D1, 0x113D1, kLo},
    {0x113D2, 0x113D2, kMark},   {0x113D3, 0x113D3, kLo},
    {0x113E1, 0x113E2, kMark},   {0x116D0, 0x116E3, kNumber},
    {0x11BC0, 0x11BE0, kLo},     {0x11BF0, 0x11BF9, kNumber},
    {0x11F00, 0x11F01, kMark},   {0x11F02, 0x11F02, kLo},
    {0x11F03, 0x11F03, kMark},   {0x11F04, 0x11F10, kLo},
    {0x11F12, 0x11F33, kLo},     {0x11F34, 0x11F3A, kMark},
    {0x11F3E, 0x11F42, kMark},   {0x11F50, 0x11F59, kNumber},
    {0x11F5A, 0x11F5A, kMark},   {0x1342F, 0x1342F, kLo},
    {0x13440, 0x13440, kMark},   {0x13441, 0x13446, kLo},
    {0x13447, 0x13455, kMark},   {0x13460, 0x143FA, kLo},
    {0x16100, 0x1611D, kLo},     {0x1611E, 0x1612F, kMark},
    {0x16130, 0x16139, kNumber}, {0x16D40, 0x16D42, kLm},
    {0x16D43, 0x16D6A, kLo},     {0x16D6B, 0x16D6C, kLm},
    {0x16D70, 0x16D79, kNumber}, {0x18CFF, 0x18CFF, kLo},
    {0x1B132, 0x1B132, kLo},     {0x1B155, 0x1B155, kLo},
    {0x1CCF0, 0x1CCF9, kNumber}, {0x1D2C0, 0x1D2D3, kNumber},
    {0x1DF25, 0x1DF2A, kLl},     {0x1E030, 0x1E06D, kLm},
    {0x1E08F, 0x1E08F, kMark},   {0x1E4D0, 0x1E4EA, kLo},
    {0x1E4EB, 0x1E4EB, kLm},     {0x1E4EC, 0x1E4EF, kMark},
    {0x1E4F0, 0x1E4F9, kNumber}, {0x1E5D0, 0x1E5ED, kLo},
    {0x1E5EE, 0x1E5EF, kMark},   {0x1E5F0, 0x1E5F0, kLo},
    {0x1E5F1, 0x1E5FA, kNumber}, {0x2B739, 0x2B739, kLo},
    {0x2EBF0, 0x2EE5D, kLo},     {0x31350, 0x323AF, kLo},
};

// Stand-ins by class, in the order of CharClass, assigned before Unicode 9 and
// unchanged since.
constexpr size_t kClasses = kOther + 1;
constexpr std::array<char32_t, kClasses> kTwoBytes = {
    0x00C0, 0x00DF, 0x02B0, 0x00AA, 0x0300, 0x00B2, 0x00A1};
constexpr std::array<char32_t, kClasses> kThreeBytes = {
    0x1E00, 0x1E01, 0x1D2C, 0x3042, 0x20D0, 0x0966, 0x2060};
constexpr std::array<char32_t, kClasses> kFourBytes = {
    0x10400, 0x10428, 0x16B40, 0x10000, 0x1D165, 0x104A0, 0x1F600};

// The range that holds `code_point`, or null.
const Range* find_range(char32_t code_point) {
  const Range* range = std::ranges::lower_bound(
      kRanges, code_point, std::ranges::less(), &Range::last);
  return range != std::end(kRanges) && range->first <= code_point ? range
                                                                  : nullptr;
}

char32_t stand_in(CharClass char_class, size_t utf8_bytes) {
  return utf8_bytes == 2   ? kTwoBytes[char_class]
         : utf8_bytes == 3 ? kThreeBytes[char_class]
                           : kFourBytes[char_class];
}

} // namespace

std::string with_unicode_16_classes(std::string_view utf8) {
  std::string result;
  result.reserve(utf8.size());
  size_t offset = 0;
  while (offset < utf8.size()) {
    const size_t length = utf8_length(static_cast<unsigned char>(utf8[offset]));
    const Range* range =
        length == 1 ? nullptr : find_range(decode_utf8(utf8, offset));
    if (range == nullptr) {
      result.append(utf8, offset, length);
    } else {
      append_utf8(stand_in(range->char_class, length), result);
    }
    offset += length;
  }
  return result;
}

} // namespace voxtral_tts::text
