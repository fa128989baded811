// Reads one node's fields; the generated decode.cpp says which.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/ids.h"
#include "nodes.h"
#include "schema/flatbuffer.h"

namespace voxtral_tts::mlx_delegate {

class NodeReader {
 public:
  NodeReader(const FlatTable& table, const Graph& counts)
      : table_(table), counts_(counts) {
  }

  // Writes field `id` to `out`. An absent field leaves the schema's default in
  // `out`; it throws when the field is required.
  template <typename T>
  void read(size_t id, const char* name, bool required, T& out) const {
    try {
      if (!read_field(id, out) && required) {
        throw PayloadError("is missing");
      }
    } catch (const PayloadError& error) {
      throw PayloadError("field '" + std::string(name) + "': " + error.what());
    }
  }

 private:
  // Each returns whether the field is there.
  bool read_field(size_t id, Tid& out) const;
  bool read_field(size_t id, Vid& out) const;
  bool read_field(size_t id, IntOrVid& out) const;
  bool read_field(size_t id, FloatOrVid& out) const;
  bool read_field(size_t id, VidOrTid& out) const;
  bool read_field(size_t id, IntOrVidOrTid& out) const;
  bool read_field(size_t id, std::string& out) const;
  bool read_field(size_t id, std::vector<Tid>& out) const;
  bool read_field(size_t id, std::vector<IntOrVid>& out) const;
  bool read_field(size_t id, std::vector<std::string>& out) const;

  template <typename T>
  bool read_field(size_t id, std::optional<T>& out) const {
    T value{};
    if (read_field(id, value)) {
      out = std::move(value);
    }
    return out.has_value();
  }
  template <typename T> // bytes or int32
  bool read_field(size_t id, std::vector<T>& out) const {
    const auto items = table_.vector(id, sizeof(T));
    for (size_t i = 0; items && i < items->size(); ++i) {
      out.push_back(items->template scalar<T>(i));
    }
    return items.has_value();
  }
  template <typename T>
    requires std::is_arithmetic_v<T>
  bool read_field(size_t id, T& out) const {
    const auto value = table_.scalar<T>(id);
    out = value.value_or(out);
    return value.has_value();
  }

  Tid checked_tid(uint32_t idx) const;
  Vid checked_vid(uint32_t idx) const;
  Vid vid_of(const FlatTable& table, size_t id) const;
  Tid tid_of(const FlatTable& table, size_t id) const;
  IntOrVid int_or_vid(const FlatTable& table) const;

  const FlatTable& table_;
  const Graph& counts_;
};

// `type` is the id in the schema's OpNode union.
Node decode_node(uint8_t type, const NodeReader& reader);

} // namespace voxtral_tts::mlx_delegate
