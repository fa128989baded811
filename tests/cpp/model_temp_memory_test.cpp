// Oracle: the promises of temp_memory.h.
#include "model/temp_memory.h"

#include <gmock/gmock.h>

#include <cstring>

namespace voxtral_tts::model {
namespace {

TEST(TempMemory, KeepsOneBlockForWhatAnInstructionNeeded) {
  TempMemory memory;
  void* const first = memory.allocate(1000);
  void* const second = memory.allocate(3000);
  ASSERT_TRUE(first != nullptr && second != nullptr && first != second);
  std::memset(first, 1, 1000);
  std::memset(second, 2, 3000);
  EXPECT_EQ(static_cast<uint8_t*>(first)[999], 1);
  memory.reset();
  void* const again = memory.allocate(1000);
  auto* const beside = static_cast<uint8_t*>(memory.allocate(3000));
  EXPECT_GE(beside, static_cast<uint8_t*>(again) + 1000);
  memory.reset();
  EXPECT_EQ(memory.allocate(1000), again);
  EXPECT_EQ(memory.allocate(3000), beside);
}

TEST(TempMemory, AlignsAndRefuses) {
  TempMemory memory;
  for (const size_t alignment : {1, 16, 64, 4096}) {
    const auto address =
        reinterpret_cast<uintptr_t>(memory.allocate(10, alignment));
    EXPECT_EQ(address % alignment, 0u);
  }
  EXPECT_EQ(memory.allocate(10, 3), nullptr);
  EXPECT_EQ(memory.allocate(SIZE_MAX), nullptr);
  EXPECT_NE(memory.allocate(10), nullptr);
}

TEST(TempMemory, APieceOfNothingIsStillOne) {
  TempMemory memory;
  EXPECT_NE(memory.allocate(0), nullptr);
  memory.reset();
  EXPECT_NE(memory.allocate(0), nullptr);
}

} // namespace
} // namespace voxtral_tts::model
