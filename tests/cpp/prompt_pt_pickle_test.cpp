// Hand-written pickles. Oracle for the accepted ones: CPython's pickletools
// describes each opcode; torch.load reads the same values (see
// tests/golden/generate_voices.py for files that PyTorch wrote).
#include "prompt/pt_pickle.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "voxtral_tts/error.h"

namespace voxtral_tts::prompt {
namespace {

using std::string_literals::operator""s;

std::string text(const std::string& value) { // SHORT_BINUNICODE
  return "\x8c" + std::string(1, static_cast<char>(value.size())) + value;
}

std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}

std::string storage(const std::string& type, const std::string& numel) {
  return "(" + text("storage") + global("torch", type) + text("0") +
         text("cpu") + numel + "tQ";
}

const std::string kProto = "\x80\2"s;
const std::string kRebuild = global("torch._utils", "_rebuild_tensor_v2");
const std::string kShape = "K\3K\x08\x86"s;
const std::string kStrides = "K\x08K\1\x86"s;
const std::string kHooks = global("collections", "OrderedDict") + ")R";

std::string tensor(
    const std::string& stored = storage("FloatStorage", "K\x18"),
    const std::string& offset = "K\0"s,
    const std::string& shape = kShape,
    const std::string& strides = kStrides) {
  return kRebuild + "(" + stored + offset + shape + strides + "\x89" + kHooks +
         "tR";
}

PickledTensor read(const std::string& pickle) {
  return read_pickled_tensor(std::as_bytes(std::span(pickle)));
}

std::string error_of(const std::string& pickle) {
  try {
    read(pickle);
  } catch (const Error& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kVoice);
    return error.what();
  }
  return "";
}

TEST(PtPickle, ReadsATensor) {
  const PickledTensor result = read(kProto + tensor() + ".");
  EXPECT_EQ(result.element_type, ElementType::kFloat32);
  EXPECT_EQ(result.storage_key, "0");
  EXPECT_EQ(result.storage_numel, 24);
  EXPECT_EQ(result.storage_offset, 0);
  EXPECT_EQ(result.shape, (std::vector<uint64_t>{3, 8}));
  EXPECT_EQ(result.strides, (std::vector<uint64_t>{8, 1}));
}

TEST(PtPickle, AFrameMustCoverTheRest) {
  const std::string body = tensor() + ".";
  for (const int shift : {-1, 0, 1}) {
    const std::string frame =
        "\x95" +
        std::string(
            1, static_cast<char>(static_cast<int>(body.size()) + shift)) +
        std::string(7, '\0');
    EXPECT_EQ(error_of(kProto + frame + body).empty(), shift == 0);
  }
}

TEST(PtPickle, ReadsEveryIntegerForm) {
  const auto offset_of = [](const std::string& offset) {
    return read(kProto + tensor(storage("HalfStorage", "K\1"), offset) + ".")
        .storage_offset;
  };
  EXPECT_EQ(offset_of("K\xff"), 255);
  EXPECT_EQ(offset_of("M\1\2"), 513);
  EXPECT_EQ(offset_of("J\1\2\3\4"), 0x04030201);
  EXPECT_EQ(offset_of("\x8a\5\1\2\3\4\0"s), 0x04030201); // LONG1
  EXPECT_EQ(offset_of("\x8a\0"s), 0);
}

TEST(PtPickle, RefusesCodeWithoutRunningIt) {
  const std::vector<std::string> calls{
      global("os", "system") + text("touch canary") + "\x85R.",
      text("os") + text("system") + "\x93" + text("touch canary") + "\x85R.",
      global("builtins", "eval") + text("1") + "\x85R.",
      global("torch", "load") + ")R.",
      global("torch._utils", "_rebuild_parameter") + ")R.",
      global("collections", "OrderedDict\nx") + ".",
      global("torch.FloatStorage", "") + "."};
  for (const std::string& call : calls) {
    EXPECT_NE(error_of(kProto + call).find("not allowed"), std::string::npos)
        << error_of(kProto + call);
  }
}

TEST(PtPickle, RefusesEveryOtherOpcode) {
  const std::string allowed =
      "(tqrhjcQRNKMJX.)\x80\x85\x86\x87\x88\x89\x8a\x8c\x93\x94\x95";
  for (int opcode = 0; opcode < 256; ++opcode) {
    const char c = static_cast<char>(opcode);
    if (allowed.find(c) == std::string::npos) {
      EXPECT_NE(
          error_of(kProto + tensor() + c + ".").find("opcode"),
          std::string::npos)
          << opcode;
    }
  }
}

TEST(PtPickle, RefusesMalformedMachines) {
  const std::string bad_string =
      "X\xff\xff\xff\xff"
      "abc";
  const std::vector<std::string> pickles{
      "",
      ".",
      kProto,
      kProto + ".",
      kProto + tensor(),        // no STOP
      kProto + tensor() + "..", // bytes after STOP
      kProto + tensor() + tensor() + ".",
      kProto + "(" + tensor() + ".", // open mark
      tensor() + ".",                // no PROTO
      "\x80\6"s + tensor() + ".",
      "\x80\1"s + tensor() + ".",
      kProto + "t.",
      kProto + "\x87.",
      kProto + "K\1(\x85.", // takes from below a mark
      kProto + "q\0."s,
      kProto + "h\0."s,
      kProto + "R.",
      kProto + ")R.",
      kProto + "NNR.",
      kProto + "Q.",
      kProto + "NQ.",
      kProto + ")Q.",
      kProto + bad_string,
      kProto + global("torch", "FloatStorage") + ".",
      kProto + global("torch", "FloatStorage") + ")R.",
      kProto + "K\1."s};
  for (const std::string& pickle : pickles) {
    EXPECT_NE(error_of(pickle), "") << testing::PrintToString(pickle);
  }
}

TEST(PtPickle, RefusesMalformedTensors) {
  const std::string nine(9, 'N');
  std::string nine_sizes = "(";
  for (int i = 0; i < 9; ++i) {
    nine_sizes += "K\1";
  }
  nine_sizes += "t";
  const std::string plain = storage("FloatStorage", "K\x18");
  const std::string seven_arguments = kRebuild + "(" + plain + "K\0"s + kShape +
                                      kStrides + "\x89" + kHooks + "NtR";
  const std::vector<std::string> tensors{
      tensor(storage("OrderedDict", "K\1")),
      tensor(storage("FloatStorage", "J\xff\xff\xff\xff")), // -1
      tensor(plain, "J\xff\xff\xff\xff"),
      tensor(plain, "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"),
      tensor(plain, "\x8a\x09" + nine),
      tensor(plain, "N"),
      tensor(plain, "\x88"), // a bool is no offset
      tensor(plain, "K\0"s, "K\3\x85"),
      tensor(plain, "K\0"s, "N", "N"),
      tensor(plain, "K\0"s, nine_sizes, nine_sizes),
      tensor("N"),
      seven_arguments,
      kRebuild + ")R"};
  for (const std::string& pickle : tensors) {
    EXPECT_NE(error_of(kProto + pickle + "."), "")
        << testing::PrintToString(pickle);
  }
}

TEST(PtPickle, BoundsWork) {
  const std::string marks(1'000'000, '(');
  EXPECT_NE(error_of(kProto + marks).find("opcodes"), std::string::npos);
  std::string nested = ")";
  for (int i = 0; i < 1'000'000; ++i) {
    nested += "\x85";
  }
  EXPECT_NE(error_of(kProto + nested).find("opcodes"), std::string::npos);
  std::string memo = "N";
  for (int i = 0; i < 2000; ++i) {
    memo += "\x94";
  }
  // MEMOIZE always takes the next slot.
  EXPECT_NE(error_of(kProto + memo).find("memorizes"), std::string::npos);
}

TEST(PtPickle, EveryTruncationAndChangeIsSurvived) {
  const std::string body = tensor() + "q\1h\1\x94\x85."s;
  const std::string pickle = kProto + "\x95" + static_cast<char>(body.size()) +
                             std::string(7, '\0') + body;
  for (size_t length = 0; length < pickle.size(); ++length) {
    EXPECT_NE(error_of(pickle.substr(0, length)), "") << length;
  }
  for (size_t i = 0; i < pickle.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = pickle;
      changed[i] = static_cast<char>(value);
      error_of(changed); // any outcome but a sanitizer's finding
    }
  }
}

} // namespace
} // namespace voxtral_tts::prompt
