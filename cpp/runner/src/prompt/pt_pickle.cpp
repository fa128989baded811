#include "prompt/pt_pickle.h"

#include <array>
#include <map>
#include <string_view>
#include <utility>
#include <variant>

#include "support/checked.h"
#include "support/files.h"
#include "voxtral_tts/error.h"

// Opcodes: "pickletools.py" of CPython documents each. Only the binary
// protocols (2 to 5) are read.
namespace voxtral_tts::prompt {
namespace {

constexpr int kMaxOpcodes = 10'000;
constexpr size_t kMaxMemoEntries = 1'000;
constexpr size_t kMaxDimensions = 8;

enum class Global {
  kOrderedDict,
  kRebuildTensor,
  kBFloat16Storage,
  kHalfStorage,
  kFloatStorage,
};

struct AllowedGlobal {
  std::string_view module;
  std::string_view name;
  Global global;
};

constexpr std::array<AllowedGlobal, 5> kAllowedGlobals{{
    {"collections", "OrderedDict", Global::kOrderedDict},
    {"torch._utils", "_rebuild_tensor_v2", Global::kRebuildTensor},
    {"torch", "BFloat16Storage", Global::kBFloat16Storage},
    {"torch", "HalfStorage", Global::kHalfStorage},
    {"torch", "FloatStorage", Global::kFloatStorage},
}};

struct None {};
struct EmptyDict {};
struct Storage {
  ElementType element_type;
  std::string_view key;
  uint64_t numel;
};
// Values live in one list and refer to each other by index: nothing is
// recursive, however deep a hostile pickle nests its tuples.
using ValueIndex = size_t;
using Tuple = std::vector<ValueIndex>;
using Value = std::variant<
    None,
    bool,
    int64_t,
    std::string_view,
    Tuple,
    Global,
    EmptyDict,
    Storage,
    PickledTensor>;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(
      ErrorClass::kVoice,
      why + "; save the tensor alone: torch.save(tensor.detach(), path)");
}

ElementType element_type_of(Global global) {
  switch (global) {
    case Global::kBFloat16Storage:
      return ElementType::kBFloat16;
    case Global::kHalfStorage:
      return ElementType::kFloat16;
    case Global::kFloatStorage:
      return ElementType::kFloat32;
    default:
      refuse("its data.pkl names a storage that is none");
  }
}

class PickleMachine {
 public:
  explicit PickleMachine(std::span<const std::byte> pickle)
      : reader_(pickle, ErrorClass::kVoice, "data.pkl") {
  }

  PickledTensor run();

 private:
  void step(uint8_t opcode);
  void push_scalar(uint8_t opcode);

  void push(Value value);
  void push_index(ValueIndex index);
  ValueIndex pop();
  ValueIndex top() const;
  template <typename T>
  const T& get(ValueIndex index) const;
  uint64_t get_size(ValueIndex index) const;
  std::vector<uint64_t> get_sizes(ValueIndex index) const;

  void push_tuple(size_t count);
  void push_marked_tuple();
  void memoize(uint64_t slot);
  void recall(uint64_t slot);
  void push_global(std::string_view module, std::string_view name);
  void push_storage();
  void reduce();
  PickledTensor rebuild_tensor(const Tuple& arguments) const;
  std::string_view read_line();

  support::ByteReader reader_;
  std::vector<Value> values_;
  std::vector<ValueIndex> stack_;
  std::vector<size_t> marks_; // stack heights
  std::map<uint64_t, ValueIndex> memo_;
};

PickledTensor PickleMachine::run() {
  constexpr uint8_t kProto = 0x80;
  if (reader_.u8() != kProto) {
    refuse("its data.pkl is not a binary pickle");
  }
  const int protocol = reader_.u8();
  if (protocol < 2 || protocol > 5) {
    refuse("its data.pkl has pickle protocol " + std::to_string(protocol));
  }
  for (int count = 0; count < kMaxOpcodes; ++count) {
    const uint8_t opcode = reader_.u8();
    if (opcode == '.') { // STOP
      if (stack_.size() != 1 || !marks_.empty() || reader_.remaining() != 0) {
        refuse("its data.pkl holds more than one object");
      }
      if (!std::holds_alternative<PickledTensor>(values_[stack_.front()])) {
        refuse("its data.pkl holds something else than a tensor");
      }
      return get<PickledTensor>(stack_.front());
    }
    step(opcode);
  }
  refuse("its data.pkl has more than 10000 opcodes");
}

void PickleMachine::step(uint8_t opcode) {
  switch (opcode) {
    case 0x95: // FRAME: one is enough for any tensor
      if (reader_.u64() != reader_.remaining()) {
        refuse("its data.pkl has a frame of another length than its own");
      }
      return;
    case '(': // MARK
      marks_.push_back(stack_.size());
      return;
    case ')': // EMPTY_TUPLE
      return push(Tuple{});
    case 0x85: // TUPLE1, TUPLE2, TUPLE3
    case 0x86:
    case 0x87:
      return push_tuple(opcode - 0x84U);
    case 't': // TUPLE
      return push_marked_tuple();
    case 'q': // BINPUT
      return memoize(reader_.u8());
    case 'r': // LONG_BINPUT
      return memoize(reader_.u32());
    case 0x94: // MEMOIZE
      return memoize(memo_.size());
    case 'h': // BINGET
      return recall(reader_.u8());
    case 'j': // LONG_BINGET
      return recall(reader_.u32());
    case 'c': { // GLOBAL
      const std::string_view module = read_line();
      return push_global(module, read_line());
    }
    case 0x93: { // STACK_GLOBAL
      const auto name = get<std::string_view>(pop());
      return push_global(get<std::string_view>(pop()), name);
    }
    case 'Q': // BINPERSID
      return push_storage();
    case 'R': // REDUCE
      return reduce();
    default:
      return push_scalar(opcode);
  }
}

void PickleMachine::push_scalar(uint8_t opcode) {
  switch (opcode) {
    case 'N': // NONE
      return push(None{});
    case 0x88: // NEWTRUE
      return push(true);
    case 0x89: // NEWFALSE
      return push(false);
    case 'K': // BININT1
      return push(int64_t{reader_.u8()});
    case 'M': // BININT2
      return push(int64_t{reader_.u16()});
    case 'J': // BININT, signed
      return push(int64_t{static_cast<int32_t>(reader_.u32())});
    case 0x8A: { // LONG1, signed; sizes beyond 32 bits exceed any voice file
      const uint8_t bytes = reader_.u8();
      const uint64_t value = bytes <= 8 ? reader_.integer(bytes) : UINT64_MAX;
      if (value > UINT32_MAX) {
        refuse("its data.pkl has an integer beyond 32 bits");
      }
      return push(static_cast<int64_t>(value));
    }
    case 0x8C: // SHORT_BINUNICODE
      return push(reader_.text(reader_.u8()));
    case 'X': // BINUNICODE
      return push(reader_.text(reader_.u32()));
    default:
      refuse(
          "its data.pkl has the opcode " + std::to_string(opcode) +
          " at byte " + std::to_string(reader_.position() - 1) +
          ", which is not allowed (a dict, a list or code instead of a "
          "tensor)");
  }
}

void PickleMachine::push(Value value) {
  values_.push_back(std::move(value));
  stack_.push_back(values_.size() - 1);
}

void PickleMachine::push_index(ValueIndex index) {
  stack_.push_back(index);
}

ValueIndex PickleMachine::top() const {
  const size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() <= floor) {
    refuse("its data.pkl takes more values than it has");
  }
  return stack_.back();
}

ValueIndex PickleMachine::pop() {
  const ValueIndex index = top();
  stack_.pop_back();
  return index;
}

template <typename T>
const T& PickleMachine::get(ValueIndex index) const {
  const T* value = std::get_if<T>(&values_[index]);
  if (value == nullptr) {
    refuse("its data.pkl has a value of an unexpected type");
  }
  return *value;
}

uint64_t PickleMachine::get_size(ValueIndex index) const {
  const auto value = get<int64_t>(index);
  if (value < 0) {
    refuse("its data.pkl has the negative size " + std::to_string(value));
  }
  return static_cast<uint64_t>(value);
}

std::vector<uint64_t> PickleMachine::get_sizes(ValueIndex index) const {
  const Tuple& elements = get<Tuple>(index);
  // One tuple may serve many tensors: without a limit, memory could explode.
  if (elements.size() > kMaxDimensions) {
    refuse("its data.pkl has a tensor of more than 8 dimensions");
  }
  std::vector<uint64_t> sizes;
  for (const ValueIndex element : elements) {
    sizes.push_back(get_size(element));
  }
  return sizes;
}

void PickleMachine::push_tuple(size_t count) {
  Tuple elements(count);
  for (size_t i = count; i > 0; --i) {
    elements[i - 1] = pop();
  }
  push(std::move(elements));
}

void PickleMachine::push_marked_tuple() {
  if (marks_.empty()) {
    refuse("its data.pkl ends a tuple that it has not begun");
  }
  const size_t begin = marks_.back();
  Tuple elements(
      stack_.begin() + static_cast<std::ptrdiff_t>(begin), stack_.end());
  stack_.resize(begin);
  marks_.pop_back();
  push(std::move(elements));
}

void PickleMachine::memoize(uint64_t slot) {
  memo_[slot] = top();
  if (memo_.size() > kMaxMemoEntries) {
    refuse("its data.pkl memorizes more than 1000 values");
  }
}

void PickleMachine::recall(uint64_t slot) {
  const auto found = memo_.find(slot);
  if (found == memo_.end()) {
    refuse("its data.pkl recalls a value that it has not memorized");
  }
  push_index(found->second);
}

void PickleMachine::push_global(
    std::string_view module, std::string_view name) {
  for (const AllowedGlobal& allowed : kAllowedGlobals) {
    if (allowed.module == module && allowed.name == name) {
      return push(allowed.global);
    }
  }
  refuse(
      "its data.pkl asks for the global " +
      support::in_quotes(std::string(module) + " " + std::string(name)) +
      ", which is not allowed (a voice is a plain bfloat16, float16 or "
      "float32 tensor)");
}

// ('storage', storage class, key, device, number of elements)
void PickleMachine::push_storage() {
  const Tuple& id = get<Tuple>(pop());
  if (id.size() != 5 || get<std::string_view>(id[0]) != "storage") {
    refuse("its data.pkl refers to something else than a storage");
  }
  get<std::string_view>(id[3]); // the device it was saved from: any
  push(
      Storage{
          .element_type = element_type_of(get<Global>(id[1])),
          .key = get<std::string_view>(id[2]),
          .numel = get_size(id[4])});
}

void PickleMachine::reduce() {
  const Tuple& arguments = get<Tuple>(pop());
  const Global callee = get<Global>(pop());
  if (callee == Global::kOrderedDict && arguments.empty()) {
    return push(EmptyDict{});
  }
  if (callee != Global::kRebuildTensor) {
    refuse("its data.pkl calls something else than a tensor's constructor");
  }
  push(rebuild_tensor(arguments));
}

// (storage, offset, shape, strides, requires_grad, hooks); a seventh argument
// would be a flag that changes the values, such as a pending negation.
PickledTensor PickleMachine::rebuild_tensor(const Tuple& arguments) const {
  if (arguments.size() != 6) {
    refuse("its data.pkl holds a tensor with special properties");
  }
  const Storage& storage = get<Storage>(arguments[0]);
  PickledTensor tensor;
  tensor.element_type = storage.element_type;
  tensor.storage_key = storage.key;
  tensor.storage_numel = storage.numel;
  tensor.storage_offset = get_size(arguments[1]);
  tensor.shape = get_sizes(arguments[2]);
  tensor.strides = get_sizes(arguments[3]);
  get<bool>(arguments[4]);
  get<EmptyDict>(arguments[5]);
  if (tensor.shape.size() != tensor.strides.size()) {
    refuse("its data.pkl has a tensor with unlike shape and strides");
  }
  return tensor;
}

std::string_view PickleMachine::read_line() {
  const size_t begin = reader_.position();
  while (reader_.u8() != '\n') {
  }
  const size_t length = reader_.position() - 1 - begin;
  reader_.seek(begin);
  const std::string_view line = reader_.text(length);
  reader_.u8();
  return line;
}

} // namespace

PickledTensor read_pickled_tensor(std::span<const std::byte> pickle) {
  return PickleMachine(pickle).run();
}

} // namespace voxtral_tts::prompt
