#include "model/metadata.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <optional>

#include "voxtral_tts/error.h"

namespace voxtral_tts::model {
namespace {

// Every value fits an int; sums and products of two stay exact in 64 bits.
constexpr int64_t kLargest = std::numeric_limits<int32_t>::max();

// Reads keys one by one and collects what is wrong, to report it at once.
class Reader {
 public:
  Reader(MetadataSource& source, const std::filesystem::path& file)
      : source_(source), file_(file) {
    check_format_version();
  }

  int64_t integer(const std::string& name, int64_t least = 1) {
    const auto value = get<int64_t>(name, "an integer");
    if (value && (*value < least || *value > kLargest)) {
      problem(name + " is " + std::to_string(*value));
      return 0; // what is out of range must not enter the checks below
    }
    return value.value_or(0);
  }

  double real(const std::string& name) {
    const auto value = get<double>(name, "a float");
    // The comparison is false for NaN too.
    if (value && !(*value > -1e6 && *value < 1e6)) {
      problem(name + " is not a usable number");
    }
    return value.value_or(0);
  }

  std::vector<int64_t> integers(
      const std::string& name, int64_t largest_value) {
    const auto values = get<std::vector<int64_t>>(name, "a list of integers");
    if (!values) {
      return {};
    }
    if (values->empty()) {
      problem(name + " is empty");
    }
    for (const int64_t value : *values) {
      if (value < 1 || value > largest_value) {
        problem(name + " holds " + std::to_string(value));
      }
    }
    return *values;
  }

  void finish() const {
    if (!problems_.empty()) {
      throw Error(
          ErrorClass::kModelMismatch,
          file_.string() + ": metadata: " + problems_ +
              "; re-export with this version's python -m export");
    }
  }

  void require(bool condition, const std::string& text) {
    if (!condition && problems_.empty()) {
      problem(text);
    }
  }

 private:
  void check_format_version() {
    if (!source_.has("format_version")) {
      throw Error(
          ErrorClass::kModelMismatch,
          file_.string() +
              ": no format_version: not a program of this project; export one "
              "with python -m export");
    }
    const int64_t version = integer("format_version");
    finish();
    if (version != kFormatVersion) {
      throw Error(
          ErrorClass::kModelLoad,
          file_.string() + ": format version " + std::to_string(version) +
              ", this build reads " + std::to_string(kFormatVersion) +
              "; re-export with this version's python -m export");
    }
  }

  template <typename T>
  std::optional<T> get(const std::string& name, const char* kind) {
    if (!source_.has(name)) {
      problem(name + " is missing");
      return std::nullopt;
    }
    const MetadataValue value = source_.get(name);
    const T* typed = std::get_if<T>(&value);
    if (typed == nullptr) {
      problem(name + " is not " + kind);
      return std::nullopt;
    }
    return *typed;
  }

  void problem(const std::string& text) {
    problems_ += (problems_.empty() ? "" : ", ") + text;
  }

  MetadataSource& source_;
  const std::filesystem::path& file_;
  std::string problems_;
};

// One program of an export given in place of the other: `marks` are metadata of
// the other alone, `own` of the one that is wanted.
void refuse_other_program(
    const MetadataSource& source,
    const std::filesystem::path& file,
    std::initializer_list<const char*> marks,
    std::initializer_list<const char*> own,
    const std::string& message) {
  const auto has = [&](const char* name) { return source.has(name); };
  if (std::ranges::all_of(marks, has) && std::ranges::none_of(own, has)) {
    throw Error(ErrorClass::kModelMismatch, file.string() + ": " + message);
  }
}

CommonInfo read_common(Reader& reader) {
  CommonInfo info;
  info.sample_rate = reader.integer("sample_rate");
  info.samples_per_frame = reader.integer("samples_per_frame");
  info.n_codebooks = reader.integer("n_codebooks", 2);
  info.semantic_codebook_size = reader.integer("semantic_codebook_size");
  info.acoustic_levels = reader.integer("acoustic_levels", 2);
  info.n_special_codes = reader.integer("n_special_codes");
  info.codebook_id = reader.integer("codebook_id", 0);
  return info;
}

} // namespace

SpeechModelInfo read_speech_model_info(
    MetadataSource& source, const std::filesystem::path& file) {
  Reader reader(source, file);
  refuse_other_program(
      source,
      file,
      {"chunk_schedule"},
      {"dim", "vocab_size", "max_seq_len"},
      "this is the codec, not the language model; give model.pte as the model");
  SpeechModelInfo info;
  info.common = read_common(reader);
  info.dim = reader.integer("dim");
  info.vocab_size = reader.integer("vocab_size");
  info.max_seq_len = reader.integer("max_seq_len");
  info.max_step_rows = reader.integer("max_step_rows");
  info.max_frames = reader.integer("max_frames");
  info.semantic_vocab = reader.integer("semantic_vocab");
  info.end_audio_code = reader.integer("end_audio_code", 0);
  info.flow_steps = reader.integer("flow_steps");
  info.cfg_alpha = reader.real("cfg_alpha");
  info.bos_id = reader.integer("bos_id", 0);
  info.begin_audio_id = reader.integer("begin_audio_id", 0);
  info.audio_id = reader.integer("audio_id", 0);
  info.text_to_audio_id = reader.integer("text_to_audio_id", 0);
  info.audio_to_text_id = reader.integer("audio_to_text_id", 0);
  reader.require(
      info.max_step_rows <= info.max_seq_len,
      "max_step_rows exceeds max_seq_len");
  reader.require(
      info.semantic_vocab >=
          info.common.semantic_codebook_size + info.common.n_special_codes,
      "semantic_vocab is smaller than the codebook");
  reader.require(
      info.end_audio_code < info.semantic_vocab,
      "end_audio_code exceeds semantic_vocab");
  for (const int64_t id :
       {info.bos_id,
        info.begin_audio_id,
        info.audio_id,
        info.text_to_audio_id,
        info.audio_to_text_id}) {
    reader.require(id < info.vocab_size, "a token id exceeds vocab_size");
  }
  reader.finish();
  return info;
}

CodecInfo read_codec_info(
    MetadataSource& source, const std::filesystem::path& file) {
  Reader reader(source, file);
  refuse_other_program(
      source,
      file,
      {"dim", "vocab_size", "max_seq_len"},
      {"chunk_schedule", "max_chunk_frames"},
      "this is the language model, not the codec; give codec_decoder.pte as "
      "the codec");
  CodecInfo info;
  info.common = read_common(reader);
  info.max_chunk_frames = reader.integer("max_chunk_frames");
  info.chunk_schedule =
      reader.integers("chunk_schedule", info.max_chunk_frames);
  reader.finish();
  return info;
}

} // namespace voxtral_tts::model
