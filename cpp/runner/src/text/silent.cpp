#include "text/silent.h"

#include <algorithm>
#include <iterator>

#include "text/utf8.h"

namespace voxtral_tts::text {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct Range {
  char32_t first;
  char32_t last;
};

// Unicode 16: White_Space, Cc, Default_Ignorable_Code_Point and the
// interlinear annotation marks, in order.
constexpr Range kSilent[] = {
    {0x0000, 0x0020},  {0x007F, 0x00A0}, {0x00AD, 0x00AD},   {0x034F, 0x034F},
    {0x061C, 0x061C},  {0x115F, 0x1160}, {0x1680, 0x1680},   {0x17B4, 0x17B5},
    {0x180B, 0x180F},  {0x2000, 0x200F}, {0x2028, 0x202F},   {0x205F, 0x206F},
    {0x3000, 0x3000},  {0x3164, 0x3164}, {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0},  {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
    {0xE0000, 0xE0FFF}};

bool is_silent(char32_t code_point) {
  const auto after = std::ranges::upper_bound(
      kSilent, code_point, {}, [](const Range& range) { return range.first; });
  return after != std::begin(kSilent) && code_point <= std::prev(after)->last;
}

} // namespace

std::string_view without_byte_order_mark(std::string_view text) noexcept {
  if (text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  return text;
}

bool is_silent(std::string_view text) noexcept {
  for (size_t offset = 0; offset < text.size();
       offset += utf8_length(static_cast<unsigned char>(text[offset]))) {
    if (!is_silent(decode_utf8(text, offset))) {
      return false;
    }
  }
  return true;
}

} // namespace voxtral_tts::text
