// Is a program file the one that was exported? Answered before the runtime
// sees it.
#pragma once

#include <filesystem>

namespace voxtral_tts::model {

// Throws Error{kModelLoad} unless it is a regular file that this user may read.
void check_readable(const std::filesystem::path& file);

// Compares a file with the manifest beside it: at every call its size and the
// hash of what is interpreted (header, program, the delegates' payloads); the
// whole file, weights included, the first time and whenever `entirely` is set.
// That time is remembered in `cache_folder` by size, time of change and inode;
// with an empty folder, or one that cannot be written, every time is the first,
// and so it is with a manifest of an older export, which has no such hash.
//
// A missing manifest, and one that does not mention the file, are warned of in
// the log. Throws Error{kModelLoad} for a file that is not readable or differs
// and for a damaged manifest.
void check_integrity(
    const std::filesystem::path& file,
    bool entirely,
    const std::filesystem::path& cache_folder);

} // namespace voxtral_tts::model
