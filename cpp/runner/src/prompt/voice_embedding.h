// A voice: rows of language model embeddings that stand for the speaker and
// replace the [AUDIO] positions of the prompt.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace voxtral_tts::prompt {

struct VoiceEmbedding {
  std::string name;          // the file's name without directory and extension
  int rows = 0;              // 12.5 per second of the reference recording
  int dim = 0;               // width of the language model
  std::vector<float> values; // [rows, dim], row-major, all finite
};

enum class VoiceFormat { kPt, kSafetensors };

// Reads a voice file of at most 64 MiB: ".pt" as torch.save writes it, or
// ".safetensors" with a tensor "embedding" or just one tensor. The tensor is
// [rows, dim] with 1 <= rows <= max_rows, bfloat16, float16 or float32; offset
// and strides mean what they mean in PyTorch, and the values become float32
// exactly. Everything else, NaN and infinity included, throws Error{kVoice}
// with the file's name. No content of the file is ever executed.
VoiceEmbedding load_voice_embedding(
    const std::filesystem::path& file, int dim, int max_rows);

// The same from the bytes of a file; `name` and the file's name in messages
// stay empty.
VoiceEmbedding parse_voice_embedding(
    std::span<const std::byte> bytes,
    VoiceFormat format,
    int dim,
    int max_rows);

} // namespace voxtral_tts::prompt
