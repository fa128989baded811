#include "model/manifest.h"

#include <gmock/gmock.h>

#include <string>

#include "voxtral_tts/error.h"

namespace voxtral_tts::model {
namespace {

using testing::HasSubstr;

const std::string kHash(64, 'a');

std::optional<ManifestEntry> find(const std::string& text) {
  return find_in_manifest(std::as_bytes(std::span(text)), "model.pte");
}

std::string with_entry(const std::string& entry) {
  return R"({"files": {"model.pte": )" + entry + "}}";
}

std::string whole_entry(const std::string& more = "") {
  return R"({"bytes": 10, "sha256": ")" + kHash + "\"" + more + "}";
}

TEST(Manifest, AnEntryWithItsProgram) {
  const auto entry = find(with_entry(whole_entry(
      R"(, "program": {"bytes": 4, "sha256": ")" + kHash + R"("}, "x": [])")));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->bytes, 10u);
  EXPECT_EQ(entry->sha256, kHash);
  EXPECT_EQ(entry->program_bytes, 4u);
  EXPECT_EQ(entry->program_sha256, kHash);
}

TEST(Manifest, OlderOnesHaveNoProgram) {
  const auto entry = find(with_entry(whole_entry()));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->program_sha256, "");
}

TEST(Manifest, AnotherFileIsNone) {
  EXPECT_FALSE(find(R"({"files": {"other.pte": 3}})"));
}

TEST(Manifest, EverythingElseIsRefused) {
  const std::string short_hash = R"({"bytes": 10, "sha256": "aa"})";
  for (const std::string& text : {
           std::string(),
           std::string("{"),
           std::string("[]"),
           std::string("{}"),
           std::string(100'000, '['),
           std::string(R"({"files": []})"),
           with_entry("3"),
           with_entry("{}"),
           with_entry(R"({"bytes": 10})"),
           with_entry(R"({"bytes": -1, "sha256": ")" + kHash + "\"}"),
           with_entry(R"({"bytes": 1e3, "sha256": ")" + kHash + "\"}"),
           with_entry(short_hash),
           with_entry(
               R"({"bytes": 1, "sha256": ")" + std::string(64, 'A') + "\"}"),
           with_entry(whole_entry(R"(, "program": 1)")),
           with_entry(whole_entry(R"(, "program": )" + short_hash)),
           with_entry(whole_entry(
               R"(, "program": {"bytes": 11, "sha256": ")" + kHash + "\"}")),
       }) {
    try {
      find(text);
      ADD_FAILURE() << text.substr(0, 100);
    } catch (const Error& error) {
      EXPECT_EQ(error.error_class(), ErrorClass::kModelLoad);
      EXPECT_THAT(error.what(), HasSubstr("not a manifest"));
    }
  }
}

} // namespace
} // namespace voxtral_tts::model
