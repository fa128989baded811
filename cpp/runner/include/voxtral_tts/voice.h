// Finds voice files; loading them is the Runner's business.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "voxtral_tts/export.h"

namespace voxtral_tts {

// The names of all *.pt and *.safetensors files in `dir`, without extension,
// sorted, each once, hidden files left out. Their content is not looked at.
// Throws Error{kVoice} when `dir` cannot be read.
VOXTRAL_TTS_API std::vector<std::string> list_voices(
    const std::filesystem::path& dir);

// The file of a voice, given by its name in `dir` (.pt wins over
// .safetensors) or by the path of an existing .pt or .safetensors file. A name
// never leads out of `dir`. Throws Error{kVoice} that lists the known names.
//
// Any path is accepted: where the argument comes from strangers, check first
// that list_voices() has it.
VOXTRAL_TTS_API std::filesystem::path find_voice(
    const std::filesystem::path& dir, const std::string& name_or_path);

} // namespace voxtral_tts
