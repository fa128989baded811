// The constant methods of the two programs (docs/contract.md, "Metadata"),
// read once, checked, immutable.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

namespace voxtral_tts::model {

inline constexpr int64_t kFormatVersion = 1;

// What both programs state and must agree on.
struct CommonInfo {
  int64_t sample_rate = 0; // Hz
  int64_t samples_per_frame = 0;
  int64_t n_codebooks = 0; // 1 semantic + the acoustic ones
  int64_t semantic_codebook_size = 0;
  int64_t acoustic_levels = 0;
  int64_t n_special_codes = 0; // offset of every code
  int64_t codebook_id = 0;     // the training whose codes these are

  bool operator==(const CommonInfo&) const = default;
};

struct SpeechModelInfo {
  CommonInfo common;
  int64_t dim = 0;
  int64_t vocab_size = 0;
  int64_t max_seq_len = 0;    // rows of the KV cache
  int64_t max_step_rows = 0;  // rows per step
  int64_t max_frames = 0;     // default budget
  int64_t semantic_vocab = 0; // length of the logits
  int64_t end_audio_code = 0;
  int64_t flow_steps = 0;
  double cfg_alpha = 0;
  int64_t bos_id = 0;
  int64_t begin_audio_id = 0;
  int64_t audio_id = 0;
  int64_t text_to_audio_id = 0;
  int64_t audio_to_text_id = 0;
};

struct CodecInfo {
  CommonInfo common;
  int64_t max_chunk_frames = 0;
  std::vector<int64_t> chunk_schedule; // frames per chunk, the last repeats
};

// One constant method's value.
using MetadataValue = std::variant<int64_t, double, std::vector<int64_t>>;

// Where values come from: a program, or a table in a test.
class MetadataSource {
 public:
  virtual ~MetadataSource() = default;
  virtual bool has(const std::string& name) const = 0;
  virtual MetadataValue get(const std::string& name) = 0;
};

// Throw Error{kModelMismatch} naming `file` and every key that is missing, of
// the wrong type or out of its range, and Error{kModelLoad} for another
// format_version.
SpeechModelInfo read_speech_model_info(
    MetadataSource& source, const std::filesystem::path& file);
CodecInfo read_codec_info(
    MetadataSource& source, const std::filesystem::path& file);

} // namespace voxtral_tts::model
