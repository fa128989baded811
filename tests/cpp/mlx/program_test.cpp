// Oracle: the promises of program.h and constants.h.
#include "backend/program.h"

#include <map>

#include <executorch/extension/data_loader/mmap_data_loader.h>
#include <executorch/extension/tensor/tensor.h>
#include <executorch/runtime/executor/program.h>
#include <gmock/gmock.h>

#include "backend/backend_error.h"
#include "test_data.h"

namespace voxtral_tts::mlx_delegate {
namespace {

using executorch::aten::ScalarType;
using executorch::extension::from_blob;
using executorch::extension::MmapDataLoader;
using executorch::runtime::Error;
using executorch::runtime::EValue;
using executorch::runtime::FreeableBuffer;
using executorch::runtime::NamedDataMap;
using executorch::runtime::Result;
using ::testing::HasSubstr;

// The constants of a .pte, as they lie in the mapped file.
class File {
 public:
  explicit File(const std::string& name)
      : loader_(MmapDataLoader::from(data_path(name).c_str())),
        program_(executorch::runtime::Program::load(&*loader_)) {
  }
  const NamedDataMap* names() const {
    return *program_->get_named_data_map();
  }

 private:
  Result<MmapDataLoader> loader_;
  Result<executorch::runtime::Program> program_;
};

// Remembers what it gave, or gives less than it should, or nothing.
class FakeNames : public NamedDataMap {
 public:
  explicit FakeNames(const NamedDataMap* real) : real_(real) {
  }

  Result<FreeableBuffer> get_data(std::string_view key) const override {
    if (missing) {
      return Error::NotFound;
    }
    auto buffer = real_->get_data(key);
    if (!buffer.ok()) {
      return buffer.error();
    }
    const auto size = buffer->size() - (short_by_one ? 1 : 0);
    kept_.push_back(std::move(*buffer));
    const void* data = kept_.back().data();
    given[std::string(key)] = data;
    ++alive;
    return FreeableBuffer(
        data,
        size,
        [](void* count, void*, size_t) { --*static_cast<int*>(count); },
        &alive);
  }
  Result<const executorch::runtime::TensorLayout> get_tensor_layout(
      std::string_view) const override {
    return Error::NotImplemented;
  }
  Error load_data_into(std::string_view, void*, size_t) const override {
    return Error::NotImplemented;
  }
  Result<uint32_t> get_num_keys() const override {
    return Error::NotImplemented;
  }
  Result<const char*> get_key(uint32_t) const override {
    return Error::NotImplemented;
  }

  bool missing = false;
  bool short_by_one = false;
  mutable std::map<std::string, const void*> given;
  mutable int alive = 0;

 private:
  const NamedDataMap* real_;
  mutable std::vector<FreeableBuffer> kept_;
};

class ProgramTest : public ::testing::Test {
 protected:
  const std::vector<std::byte> payload = read_payload_of("attention.pte");
  const File file{"attention.pte"};
  FakeNames names{file.names()};
};

Error call(Program& program, AttentionCall call, int rows_of_output) {
  auto x = example(static_cast<size_t>(call.rows * kAttentionDim));
  auto position = from_blob(&call.position, {1}, ScalarType::Long);
  auto input = from_blob(x.data(), {1, call.rows, kAttentionDim});
  const auto output_size = static_cast<size_t>(rows_of_output * kAttentionDim);
  auto output = executorch::extension::make_tensor_ptr(
      {1, rows_of_output, kAttentionDim},
      std::vector<float>(output_size),
      {},
      {},
      ScalarType::Float,
      executorch::aten::TensorShapeDynamism::DYNAMIC_BOUND);
  EValue values[] = {*input, *position, *output};
  EValue* args[] = {&values[0], &values[1], &values[2]};
  try {
    program.execute({args, 3});
  } catch (const BackendError& error) {
    return error.code;
  } catch (const std::exception&) {
    return Error::Internal;
  }
  return Error::Ok;
}

TEST_F(ProgramTest, ConstantsStayWhereTheFileIsMapped) {
  {
    const Program program(payload, &names, {});
    EXPECT_EQ(names.given.size(), program.graph().num_constants);
    for (const NamedSlot& named : program.graph().named_slots) {
      if (named.slot.idx < program.graph().num_constants) {
        EXPECT_EQ(program.data(Tid{named.slot.idx}), names.given[named.name])
            << named.name;
      }
    }
    EXPECT_EQ(names.alive, static_cast<int>(names.given.size()));
  }
  EXPECT_EQ(names.alive, 0);
}

TEST_F(ProgramTest, MutableBuffersStayWhereTheyAre) {
  Program program(payload, &names, {});
  const Tid first{program.graph().first_mutable_buffer()};
  const Tid second{first.idx + 1};
  ASSERT_EQ(program.graph().num_mutable_buffers, 2u);
  const void* const k = program.data(first);
  const void* const v = program.data(second);
  for (const AttentionCall c : kAttentionCalls) {
    ASSERT_EQ(call(program, c, 8), Error::Ok);
    EXPECT_EQ(program.data(first), k);
    EXPECT_EQ(program.data(second), v);
  }
}

TEST_F(ProgramTest, MutableBuffersAreZeroAtFirstAndAfterAFailure) {
  Program program(payload, &names, {});
  const Tid buffer{program.graph().first_mutable_buffer()};
  const auto is_zero = [&] {
    const auto* floats = static_cast<const float*>(program.data(buffer));
    return std::all_of(
        floats, floats + kAttentionCapacity * kAttentionHead, [](float x) {
          return x == 0;
        });
  };
  EXPECT_TRUE(is_zero());
  ASSERT_EQ(call(program, {4, 0}, 8), Error::Ok);
  EXPECT_FALSE(is_zero());
  // The output is too small, which shows at the very end.
  EXPECT_NE(call(program, {8, 0}, 4), Error::Ok);
  EXPECT_TRUE(is_zero());
  EXPECT_EQ(call(program, {4, 0}, 8), Error::Ok);
}

TEST_F(ProgramTest, WithoutZeroedBuffersAReadFails) {
  Program program(payload, &names, {.zero_mutable_buffers = false});
  EXPECT_EQ(call(program, {4, 0}, 8), Error::Internal);
}

TEST_F(ProgramTest, InputsMustFitTheirDescription) {
  Program program(payload, &names, {});
  EXPECT_EQ(call(program, {9, 0}, 9), Error::InvalidArgument);
  EXPECT_EQ(call(program, {1, 0}, 8), Error::Ok);
  EValue number(int64_t{0});
  EValue* args[] = {&number, &number, &number};
  for (const size_t count : {size_t{0}, size_t{2}, size_t{3}}) {
    try {
      program.execute({args, count});
      FAIL();
    } catch (const BackendError& error) {
      EXPECT_EQ(error.code, Error::InvalidArgument);
    }
  }
}

template <typename Load>
std::string refusal(Error code, Load load) {
  try {
    load();
  } catch (const BackendError& error) {
    EXPECT_EQ(error.code, code) << error.what();
    return error.what();
  }
  return "was accepted";
}

TEST_F(ProgramTest, ConstantsMustBeThereAndWhole) {
  const auto load = [&](const NamedDataMap* map) {
    return [&, map] { Program(payload, map, {}); };
  };
  EXPECT_THAT(
      refusal(Error::NotFound, load(nullptr)), HasSubstr("norm.weight"));
  names.missing = true;
  EXPECT_THAT(refusal(Error::NotFound, load(&names)), HasSubstr("norm.weight"));
  names.missing = false;
  names.short_by_one = true;
  EXPECT_THAT(
      refusal(Error::InvalidExternalData, load(&names)),
      HasSubstr("has 63 bytes, not 64"));
  EXPECT_EQ(names.alive, 0);
}

} // namespace
} // namespace voxtral_tts::mlx_delegate
