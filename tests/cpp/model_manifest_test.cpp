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

std::string interpreted(const std::string& ranges) {
  return R"(, "interpreted": {"ranges": )" + ranges + R"(, "sha256": ")" +
         kHash + "\"}";
}

TEST(Manifest, AnEntryWithWhatIsInterpreted) {
  const auto entry = find(with_entry(
      whole_entry(interpreted("[[0, 4], [4, 0], [7, 3]]") + R"(, "x": [])")));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->bytes, 10u);
  EXPECT_EQ(entry->sha256, kHash);
  ASSERT_EQ(entry->interpreted.size(), 3u);
  EXPECT_EQ(entry->interpreted[0].offset, 0u);
  EXPECT_EQ(entry->interpreted[0].bytes, 4u);
  EXPECT_EQ(entry->interpreted[2].offset, 7u);
  EXPECT_EQ(entry->interpreted[2].bytes, 3u);
  EXPECT_EQ(entry->interpreted_sha256, kHash);
}

TEST(Manifest, OlderOnesHaveTheProgramAloneOrNothing) {
  for (const char* older : {"", R"(, "program": {"bytes": 4})"}) {
    const auto entry = find(with_entry(whole_entry(older)));
    ASSERT_TRUE(entry);
    EXPECT_TRUE(entry->interpreted.empty());
    EXPECT_EQ(entry->interpreted_sha256, "");
  }
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
           with_entry(whole_entry(R"(, "interpreted": 1)")),
           with_entry(whole_entry(R"(, "interpreted": )" + short_hash)),
           with_entry(whole_entry(interpreted("7"))),
           with_entry(whole_entry(interpreted("[7]"))),
           with_entry(whole_entry(interpreted("[[0]]"))),
           with_entry(whole_entry(interpreted("[[0, 4, 4]]"))),
           with_entry(whole_entry(interpreted("[[-1, 4]]"))),
           with_entry(whole_entry(interpreted("[[0, 1.5]]"))),
           with_entry(whole_entry(interpreted("[[0, 11]]"))),
           with_entry(whole_entry(interpreted("[[11, 0]]"))),
           with_entry(whole_entry(interpreted("[[0, 4], [3, 1]]"))),
           with_entry(
               whole_entry(interpreted("[[1, 18446744073709551615], [2, 3]]"))),
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
