// Runs the method "forward" of a program on the tensors of a file: what
// ExecuTorch's own suite for MLX's operators calls.
//
// Both files: uint32 count; for each tensor uint32 type, uint32 rank, int32
// sizes, row-major data. All little-endian.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <executorch/extension/module/module.h>
#include <executorch/extension/tensor/tensor.h>

namespace {

using executorch::aten::ScalarType;
using executorch::aten::Tensor;
using executorch::extension::TensorPtr;
using executorch::runtime::EValue;

// Their place here is their number in the files.
constexpr ScalarType kTypes[] = {
    ScalarType::Float,
    ScalarType::Half,
    ScalarType::Int,
    ScalarType::Long,
    ScalarType::BFloat16,
    ScalarType::Bool,
    ScalarType::Byte};
constexpr uint32_t kMaxRank = 16;

struct Options {
  std::string program;
  std::string input;
  std::string output;
  bool verbose = false;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const auto value = [&]() -> std::string {
      if (i + 1 == argc) {
        throw std::runtime_error(std::string(name) + " needs a value");
      }
      return argv[++i];
    };
    if (name == "--pte") {
      options.program = value();
    } else if (name == "--input") {
      options.input = value();
    } else if (name == "--output") {
      options.output = value();
    } else if (name == "--verbose") {
      options.verbose = true;
    } else if (name == "--kv-cache") {
      throw std::runtime_error("caches outside of the graph are not supported");
    } else {
      throw std::runtime_error("unknown option " + std::string(name));
    }
  }
  if (options.program.empty() || options.input.empty() ||
      options.output.empty()) {
    throw std::runtime_error("--pte, --input and --output are needed");
  }
  return options;
}

// Owns the bytes that its tensors point to.
class Inputs {
 public:
  explicit Inputs(const std::string& path) : file_(path, std::ios::binary) {
    if (!file_) {
      throw std::runtime_error("cannot read " + path);
    }
    const auto count = number<uint32_t>();
    for (uint32_t i = 0; i < count; ++i) {
      read_tensor();
    }
  }

  std::vector<EValue> values() const {
    return std::vector<EValue>(tensors_.begin(), tensors_.end());
  }

 private:
  template <typename T>
  T number() {
    T value{};
    read(reinterpret_cast<char*>(&value), sizeof(value));
    return value;
  }

  void read(char* to, size_t bytes) {
    if (!file_.read(to, static_cast<std::streamsize>(bytes))) {
      throw std::runtime_error("the input file ends early");
    }
  }

  void read_tensor() {
    const auto type = number<uint32_t>();
    const auto rank = number<uint32_t>();
    if (type >= std::size(kTypes) || rank > kMaxRank) {
      throw std::runtime_error("the input file is damaged");
    }
    std::vector<executorch::aten::SizesType> sizes;
    size_t bytes = executorch::runtime::elementSize(kTypes[type]);
    for (uint32_t i = 0; i < rank; ++i) {
      sizes.push_back(number<int32_t>());
      if (sizes.back() < 0 ||
          __builtin_mul_overflow(
              bytes, static_cast<size_t>(sizes.back()), &bytes)) {
        throw std::runtime_error("the input file is damaged");
      }
    }
    data_.emplace_back(bytes);
    read(data_.back().data(), bytes);
    tensors_.push_back(
        executorch::extension::from_blob(
            data_.back().data(), std::move(sizes), kTypes[type]));
  }

  std::ifstream file_;
  std::vector<std::vector<char>> data_;
  std::vector<TensorPtr> tensors_;
};

uint32_t number_of(ScalarType type) {
  for (uint32_t i = 0; i < std::size(kTypes); ++i) {
    if (kTypes[i] == type) {
      return i;
    }
  }
  throw std::runtime_error(
      "an output is of ScalarType " + std::to_string(static_cast<int>(type)));
}

void write(const std::vector<EValue>& outputs, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  const auto number = [&](auto value) {
    file.write(reinterpret_cast<const char*>(&value), sizeof(value));
  };
  number(static_cast<uint32_t>(outputs.size()));
  for (const EValue& output : outputs) {
    if (!output.isTensor()) {
      throw std::runtime_error("an output is not a tensor");
    }
    const Tensor& tensor = output.toTensor();
    number(number_of(tensor.scalar_type()));
    number(static_cast<uint32_t>(tensor.dim()));
    for (const auto size : tensor.sizes()) {
      number(static_cast<int32_t>(size));
    }
    file.write(
        static_cast<const char*>(tensor.const_data_ptr()),
        static_cast<std::streamsize>(tensor.nbytes()));
  }
  if (!file.flush()) {
    throw std::runtime_error("cannot write " + path);
  }
}

std::string text_of(executorch::runtime::Error error) {
  return executorch::runtime::to_string(error);
}

void run(const Options& options) {
  const Inputs inputs(options.input);
  executorch::extension::Module module(options.program);
  // Loaded by itself, to tell a refused program from one that fails.
  const auto loaded = module.load_forward();
  if (loaded != executorch::runtime::Error::Ok) {
    throw std::runtime_error(
        options.program + " does not load: " + text_of(loaded));
  }
  const auto outputs = module.forward(inputs.values());
  if (!outputs.ok()) {
    throw std::runtime_error("forward fails: " + text_of(outputs.error()));
  }
  write(outputs.get(), options.output);
  if (options.verbose) {
    std::printf("%zu outputs\n", outputs.get().size());
  }
}

} // namespace

int main(int argc, char** argv) {
  try {
    run(parse(argc, argv));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "op_test_runner: %s\n", error.what());
    return 1;
  }
}
