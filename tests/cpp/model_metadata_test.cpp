// Oracle: the metadata tables of docs/contract.md.
#include "model/metadata.h"

#include <gmock/gmock.h>

#include <functional>
#include <limits>
#include <map>
#include <set>

#include "voxtral_tts/error.h"

namespace voxtral_tts::model {
namespace {

using ::testing::HasSubstr;

class Table : public MetadataSource {
 public:
  bool has(const std::string& name) const override {
    return values.count(name) != 0;
  }
  MetadataValue get(const std::string& name) override {
    return values.at(name);
  }

  std::map<std::string, MetadataValue> values = {
      {"format_version", int64_t{1}},
      {"sample_rate", int64_t{24000}},
      {"samples_per_frame", int64_t{1920}},
      {"n_codebooks", int64_t{37}},
      {"semantic_codebook_size", int64_t{8192}},
      {"acoustic_levels", int64_t{21}},
      {"n_special_codes", int64_t{2}},
      {"codebook_id", int64_t{77}},
      {"dim", int64_t{3072}},
      {"vocab_size", int64_t{131072}},
      {"max_seq_len", int64_t{4096}},
      {"max_step_rows", int64_t{512}},
      {"max_frames", int64_t{2048}},
      {"semantic_vocab", int64_t{8320}},
      {"end_audio_code", int64_t{1}},
      {"flow_steps", int64_t{7}},
      {"cfg_alpha", 1.2},
      {"bos_id", int64_t{1}},
      {"begin_audio_id", int64_t{25}},
      {"audio_id", int64_t{24}},
      {"text_to_audio_id", int64_t{36}},
      {"audio_to_text_id", int64_t{35}},
      {"max_chunk_frames", int64_t{32}},
      {"chunk_schedule", std::vector<int64_t>{1, 1, 2, 4, 8}}};
};

using Read = std::function<void(MetadataSource&)>;

void read_speech(MetadataSource& source) {
  read_speech_model_info(source, "some.pte");
}
void read_codec(MetadataSource& source) {
  read_codec_info(source, "some.pte");
}

// Which of the two programs has the key; what both have, both refuse.
std::vector<Read> readers_of(const std::string& name) {
  const std::set<std::string> common = {
      "format_version",
      "sample_rate",
      "samples_per_frame",
      "n_codebooks",
      "semantic_codebook_size",
      "acoustic_levels",
      "n_special_codes",
      "codebook_id"};
  if (common.count(name) != 0) {
    return {read_speech, read_codec};
  }
  const bool codec = name == "max_chunk_frames" || name == "chunk_schedule";
  return {codec ? read_codec : read_speech};
}

void expect_refused(
    Table table,
    const Read& read,
    ErrorClass error_class,
    const std::string& text) {
  try {
    read(table);
    FAIL() << "accepted although " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.error_class(), error_class) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("some.pte"));
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(Metadata, ReadsTheFullSizeModel) {
  Table table;
  const SpeechModelInfo info = read_speech_model_info(table, "model.pte");
  EXPECT_EQ(info.common.n_codebooks, 37);
  EXPECT_EQ(info.dim, 3072);
  EXPECT_EQ(info.cfg_alpha, 1.2);
  EXPECT_EQ(info.audio_to_text_id, 35);
  const CodecInfo codec = read_codec_info(table, "codec_decoder.pte");
  EXPECT_EQ(codec.common, info.common);
  EXPECT_EQ(codec.chunk_schedule.size(), 5u);
}

TEST(Metadata, EveryMissingKeyIsNamedAtOnce) {
  Table table;
  table.values.erase("dim");
  table.values.erase("flow_steps");
  expect_refused(
      table,
      read_speech,
      ErrorClass::kModelMismatch,
      "dim is missing, flow_steps is missing");
  for (const auto& [name, value] : Table().values) {
    for (const Read& read : readers_of(name)) {
      Table without;
      without.values.erase(name);
      expect_refused(
          without,
          read,
          ErrorClass::kModelMismatch,
          name == "format_version" ? "no format_version"
                                   : name + " is missing");
    }
  }
}

TEST(Metadata, OneProgramGivenForTheOtherIsNamed) {
  Table codec;
  Table speech;
  for (const auto& [name, value] : Table().values) {
    if (readers_of(name).size() == 2) {
      continue; // both have it
    }
    const bool is_codecs =
        name == "max_chunk_frames" || name == "chunk_schedule";
    (is_codecs ? speech : codec).values.erase(name);
  }
  expect_refused(
      codec, read_speech, ErrorClass::kModelMismatch, "this is the codec");
  expect_refused(
      speech,
      read_codec,
      ErrorClass::kModelMismatch,
      "this is the language model");
}

TEST(Metadata, AnotherFormatVersionIsRefusedWithTheRemedy) {
  Table table;
  table.values["format_version"] = int64_t{2};
  for (const Read& read : readers_of("format_version")) {
    expect_refused(table, read, ErrorClass::kModelLoad, "re-export");
  }
}

TEST(Metadata, WrongTypesAreRefused) {
  for (const auto& [name, value] : Table().values) {
    for (const Read& read : readers_of(name)) {
      Table table;
      table.values[name] = std::vector<int64_t>{1};
      if (name == "chunk_schedule") {
        table.values[name] = int64_t{1};
      }
      expect_refused(table, read, ErrorClass::kModelMismatch, name + " is not");
    }
  }
}

TEST(Metadata, ValuesOutOfRangeAreRefused) {
  const std::set<std::string> from_zero = {
      "codebook_id",
      "end_audio_code",
      "bos_id",
      "begin_audio_id",
      "audio_id",
      "text_to_audio_id",
      "audio_to_text_id"};
  const std::set<std::string> from_two = {"n_codebooks", "acoustic_levels"};
  for (const auto& [name, value] : Table().values) {
    if (!std::holds_alternative<int64_t>(value)) {
      continue;
    }
    // 2^31 is the first that no int holds.
    std::vector<int64_t> bad_values = {
        -1,
        int64_t{1} << 31,
        std::numeric_limits<int64_t>::max(),
        std::numeric_limits<int64_t>::min()};
    if (from_zero.count(name) == 0) {
      bad_values.push_back(0);
    }
    if (from_two.count(name) != 0) {
      bad_values.push_back(1);
    }
    for (const Read& read : readers_of(name)) {
      for (const int64_t bad : bad_values) {
        Table table;
        table.values[name] = bad;
        expect_refused(
            table,
            read,
            ErrorClass::kModelMismatch,
            name + " is " + std::to_string(bad));
      }
    }
  }
  Table table;
  table.values["max_frames"] = int64_t{std::numeric_limits<int32_t>::max()};
  EXPECT_EQ(read_speech_model_info(table, "model.pte").max_frames, 2147483647);
  table.values["cfg_alpha"] = std::numeric_limits<double>::quiet_NaN();
  expect_refused(table, read_speech, ErrorClass::kModelMismatch, "cfg_alpha");
}

TEST(Metadata, RelationsAreChecked) {
  const auto refused = [](const std::string& name,
                          MetadataValue value,
                          const std::string& text) {
    Table table;
    table.values[name] = std::move(value);
    for (const Read& read : readers_of(name)) {
      expect_refused(table, read, ErrorClass::kModelMismatch, text);
    }
  };
  refused("max_step_rows", int64_t{5000}, "max_step_rows");
  refused("semantic_vocab", int64_t{8000}, "semantic_vocab");
  refused("end_audio_code", int64_t{8320}, "end_audio_code");
  for (const std::string name :
       {"bos_id",
        "begin_audio_id",
        "audio_id",
        "text_to_audio_id",
        "audio_to_text_id"}) {
    refused(name, int64_t{131072}, "token id");
  }
  for (const int64_t bad : {0, -1, 33}) {
    refused(
        "chunk_schedule",
        std::vector<int64_t>{1, bad},
        "chunk_schedule holds " + std::to_string(bad));
  }
  refused("chunk_schedule", std::vector<int64_t>{}, "chunk_schedule is empty");
}

} // namespace
} // namespace voxtral_tts::model
