// XXH3, 128 bits: tells files and values apart and notices damage. It is fast
// and no protection against somebody who wants two inputs to collide.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>

namespace voxtral_tts::support {

using Bytes = std::span<const std::byte>;
using Hash128 = std::array<std::byte, 16>; // the same on every machine

// Of the parts' bytes one after the other, as if they were one piece.
Hash128 hash_of(std::span<const Bytes> parts);
Hash128 hash_of(Bytes bytes);

// Two lower-case hexadecimal digits per byte.
std::string to_hex(Bytes bytes);

} // namespace voxtral_tts::support
