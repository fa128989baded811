// Oracle: the promises of planned_memory.h.
#include "model/planned_memory.h"

#include <gmock/gmock.h>

#include "voxtral_tts/error.h"

namespace voxtral_tts::model {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kMoreThanAnyMachineHas = int64_t{1} << 61;

TEST(PlannedBuffers, AreZeroedAndCanBeWritten) {
  PlannedBuffers buffers({4096, 0, 10}, "a.pte: method 'step'");
  const auto memory = buffers.allocator()->get_offset_address(2, 0, 10);
  ASSERT_TRUE(memory.ok());
  auto* bytes = static_cast<uint8_t*>(*memory);
  EXPECT_EQ(bytes[9], 0);
  bytes[9] = 1;
  EXPECT_FALSE(buffers.allocator()->get_offset_address(2, 0, 11).ok());
}

void expect_refused(
    const std::vector<int64_t>& sizes, const std::string& text) {
  try {
    const PlannedBuffers buffers(sizes, "a.pte: method 'step'");
    FAIL() << "accepted, not " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kModelLoad);
    EXPECT_THAT(error.what(), HasSubstr("a.pte: method 'step'"));
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(PlannedBuffers, TooMuchIsRefusedWithTheBytesAndTheRemedy) {
  expect_refused({4096, kMoreThanAnyMachineHas}, "2305843009213698048 bytes");
  expect_refused({kMoreThanAnyMachineHas}, "--max-seq-len");
}

TEST(PlannedBuffers, ADamagedSizeIsRefused) {
  expect_refused({4096, -1}, "memory plan is damaged");
}

} // namespace
} // namespace voxtral_tts::model
