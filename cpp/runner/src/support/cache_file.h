// Files of the user's cache folder: nobody else's, whole or absent.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "support/files.h"
#include "support/hash.h"

namespace voxtral_tts::support {

// Opens a cache file for reading. Throws Error{kInternal} unless it is a
// regular file of this user (or root's) with exactly `bytes` bytes; a link or a
// FIFO is none.
FileDescriptor open_cache_file(
    const std::filesystem::path& file, uint64_t bytes);

// Writes the parts one after the other beside the name and renames, so that
// others see the old file, the new one or none. Makes the folder; the file is
// for the user alone (0600). Throws Error{kOutput}.
void write_cache_file(
    const std::filesystem::path& file, std::span<const Bytes> parts);

} // namespace voxtral_tts::support
