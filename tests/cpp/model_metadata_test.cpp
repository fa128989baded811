// Oracle: the metadata tables of docs/contract.md.
#include "model/metadata.h"

#include <gmock/gmock.h>

#include <limits>
#include <map>

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

void expect_refused(
    Table table, ErrorClass error_class, const std::string& text) {
  const auto refuse = [&](auto read) {
    try {
      read(table, std::filesystem::path("some.pte"));
      FAIL() << "accepted although " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.error_class(), error_class) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("some.pte"));
      EXPECT_THAT(error.what(), HasSubstr(text));
    }
  };
  if (text.find("chunk") == std::string::npos) {
    refuse(read_speech_model_info);
  } else {
    refuse(read_codec_info);
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
      ErrorClass::kModelMismatch,
      "dim is missing, flow_steps is missing");
  for (const auto& [name, value] : Table().values) {
    if (name != "format_version" && name.find("chunk") == std::string::npos) {
      Table without;
      without.values.erase(name);
      expect_refused(without, ErrorClass::kModelMismatch, name + " is missing");
    }
  }
}

TEST(Metadata, AnotherFormatVersionIsRefusedWithTheRemedy) {
  Table table;
  table.values["format_version"] = int64_t{2};
  expect_refused(table, ErrorClass::kModelLoad, "re-export");
  table.values.erase("format_version");
  expect_refused(table, ErrorClass::kModelMismatch, "no format_version");
}

TEST(Metadata, ValuesOutOfRangeAndWrongTypesAreRefused) {
  for (const auto& [name, value] : Table().values) {
    if (name == "chunk_schedule" || name == "max_chunk_frames") {
      continue;
    }
    Table table;
    table.values[name] = std::vector<int64_t>{1};
    expect_refused(table, ErrorClass::kModelMismatch, name + " is not");
    for (const int64_t bad :
         {int64_t{-1},
          std::numeric_limits<int64_t>::max(),
          std::numeric_limits<int64_t>::min()}) {
      if (name != "cfg_alpha") {
        table.values[name] = bad;
        expect_refused(table, ErrorClass::kModelMismatch, name + " is ");
      }
    }
  }
  Table table;
  table.values["cfg_alpha"] = std::numeric_limits<double>::quiet_NaN();
  expect_refused(table, ErrorClass::kModelMismatch, "cfg_alpha");
}

TEST(Metadata, RelationsAreChecked) {
  Table table;
  table.values["max_step_rows"] = int64_t{5000};
  expect_refused(table, ErrorClass::kModelMismatch, "max_step_rows");
  Table small;
  small.values["semantic_vocab"] = int64_t{8000};
  expect_refused(small, ErrorClass::kModelMismatch, "semantic_vocab");
  Table ids;
  ids.values["bos_id"] = int64_t{131072};
  expect_refused(ids, ErrorClass::kModelMismatch, "token id");
  Table schedule;
  schedule.values["chunk_schedule"] = std::vector<int64_t>{1, 33};
  expect_refused(
      schedule, ErrorClass::kModelMismatch, "chunk_schedule holds 33");
  schedule.values["chunk_schedule"] = std::vector<int64_t>{};
  expect_refused(
      schedule, ErrorClass::kModelMismatch, "chunk_schedule is empty");
}

} // namespace
} // namespace voxtral_tts::model
