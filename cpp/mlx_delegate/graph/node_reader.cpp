#include "graph/node_reader.h"

namespace voxtral_tts::mlx_delegate {
namespace {

// Field ids of the schema's operand tables.
struct IntOrVidFields { // and of FloatOrVid
  static constexpr size_t kLiteral = 0, kVid = 1, kIsVid = 2;
};
struct VidOrTidFields {
  static constexpr size_t kVid = 0, kTid = 1, kIsVid = 2;
};
struct IntOrVidOrTidFields {
  static constexpr size_t kLiteral = 0, kVid = 1, kTid = 2, kKind = 3;
};

template <typename T>
const T& present(const std::optional<T>& value) {
  if (!value) {
    throw PayloadError("an operand has no slot");
  }
  return *value;
}

} // namespace

Tid NodeReader::checked_tid(uint32_t idx) const {
  if (idx >= counts_.num_tensors()) {
    throw PayloadError(
        "tensor " + std::to_string(idx) + " of " +
        std::to_string(counts_.num_tensors()));
  }
  return {idx};
}

Vid NodeReader::checked_vid(uint32_t idx) const {
  if (idx >= counts_.num_values) {
    throw PayloadError(
        "value " + std::to_string(idx) + " of " +
        std::to_string(counts_.num_values));
  }
  return {idx};
}

Vid NodeReader::vid_of(const FlatTable& table, size_t id) const {
  return checked_vid(present(table.scalar<uint32_t>(id)));
}

Tid NodeReader::tid_of(const FlatTable& table, size_t id) const {
  return checked_tid(present(table.scalar<uint32_t>(id)));
}

IntOrVid NodeReader::int_or_vid(const FlatTable& table) const {
  using F = IntOrVidFields;
  IntOrVid out{table.scalar<int64_t>(F::kLiteral).value_or(0), {}};
  if (table.scalar<bool>(F::kIsVid).value_or(false)) {
    out.vid = vid_of(table, F::kVid);
  }
  return out;
}

bool NodeReader::read_field(size_t id, Tid& out) const {
  const auto idx = table_.scalar<uint32_t>(id);
  if (idx) {
    out = checked_tid(*idx);
  }
  return idx.has_value();
}

bool NodeReader::read_field(size_t id, Vid& out) const {
  const auto idx = table_.scalar<uint32_t>(id);
  if (idx) {
    out = checked_vid(*idx);
  }
  return idx.has_value();
}

bool NodeReader::read_field(size_t id, IntOrVid& out) const {
  const auto table = table_.table(id);
  if (table) {
    out = int_or_vid(*table);
  }
  return table.has_value();
}

bool NodeReader::read_field(size_t id, FloatOrVid& out) const {
  using F = IntOrVidFields;
  const auto table = table_.table(id);
  if (table) {
    out.literal = table->scalar<double>(F::kLiteral).value_or(0);
    if (table->scalar<bool>(F::kIsVid).value_or(false)) {
      out.vid = vid_of(*table, F::kVid);
    }
  }
  return table.has_value();
}

bool NodeReader::read_field(size_t id, VidOrTid& out) const {
  using F = VidOrTidFields;
  const auto table = table_.table(id);
  if (table) {
    if (table->scalar<bool>(F::kIsVid).value_or(false)) {
      out.vid = vid_of(*table, F::kVid);
    } else {
      out.tid = tid_of(*table, F::kTid);
    }
  }
  return table.has_value();
}

bool NodeReader::read_field(size_t id, IntOrVidOrTid& out) const {
  using F = IntOrVidOrTidFields;
  const auto table = table_.table(id);
  if (table) {
    out.literal = table->scalar<int64_t>(F::kLiteral).value_or(0);
    const auto kind = table->scalar<uint8_t>(F::kKind).value_or(0);
    if (kind == 1) {
      out.vid = vid_of(*table, F::kVid);
    } else if (kind == 2) {
      out.tid = tid_of(*table, F::kTid);
    } else if (kind != 0) {
      throw PayloadError("operand kind " + std::to_string(kind));
    }
  }
  return table.has_value();
}

bool NodeReader::read_field(size_t id, std::string& out) const {
  auto text = table_.string(id);
  if (text) {
    out = std::move(*text);
  }
  return text.has_value();
}

bool NodeReader::read_field(size_t id, std::vector<Tid>& out) const {
  const auto items = table_.vector(id, 4);
  for (size_t i = 0; items && i < items->size(); ++i) {
    out.push_back(checked_tid(items->scalar<uint32_t>(i)));
  }
  return items.has_value();
}

bool NodeReader::read_field(size_t id, std::vector<IntOrVid>& out) const {
  const auto items = table_.vector(id, 4);
  for (size_t i = 0; items && i < items->size(); ++i) {
    out.push_back(int_or_vid(items->table(i)));
  }
  return items.has_value();
}

bool NodeReader::read_field(size_t id, std::vector<std::string>& out) const {
  const auto items = table_.vector(id, 4);
  for (size_t i = 0; items && i < items->size(); ++i) {
    out.push_back(items->string(i));
  }
  return items.has_value();
}

} // namespace voxtral_tts::mlx_delegate
