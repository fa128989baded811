// Oracle: the promises of alias.h.
#include "backend/alias.h"

#include <gtest/gtest.h>

namespace voxtral_tts::mlx_delegate {
namespace {

constexpr mx::Device::DeviceType kCpu = mx::Device::cpu;

TEST(Alias, ThisMlxCan) {
  EXPECT_TRUE(can_alias());
}

TEST(Alias, ReadsInPlaceAndKeepsTheOwner) {
  const auto owner = std::make_shared<std::vector<float>>(64, 2.0f);
  {
    const mx::array x = alias(owner->data(), {8, 8}, mx::float32, owner);
    EXPECT_EQ(x.data<float>(), owner->data());
    mx::array rows = mx::slice(x, {2, 0}, {4, 8}, {1, 1}, kCpu);
    rows.eval();
    EXPECT_EQ(rows.data<float>(), owner->data() + 16);
    EXPECT_EQ(owner.use_count(), 2); // ours, and x's and the view's
  }
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(Alias, IsNeverWrittenTo) {
  const auto owner = std::make_shared<std::vector<float>>(64, 2.0f);
  {
    // The only reference: MLX would write in place to memory of its own.
    mx::array x = alias(owner->data(), {64}, mx::float32, owner);
    mx::array y = mx::add(std::move(x), mx::array(1.0f), kCpu);
    mx::array z = mx::slice_update(
        alias(owner->data(), {64}, mx::float32, owner),
        mx::zeros({4}, mx::float32, kCpu),
        mx::Shape{0},
        mx::Shape{4},
        kCpu);
    mx::eval(y, z);
    EXPECT_EQ(y.data<float>()[63], 3.0f);
    EXPECT_EQ(z.data<float>()[0], 0.0f);
  }
  EXPECT_EQ(*owner, std::vector<float>(64, 2.0f));
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(Alias, NeedsAlignment) {
  alignas(8) const char bytes[16] = {};
  EXPECT_TRUE(is_aligned(bytes));
  EXPECT_TRUE(is_aligned(bytes + 8));
  EXPECT_FALSE(is_aligned(bytes + 4));
}

} // namespace
} // namespace voxtral_tts::mlx_delegate
