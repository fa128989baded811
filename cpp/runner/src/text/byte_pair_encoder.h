// Byte pair encoding with a ranked vocabulary, as tiktoken does it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace voxtral_tts::text {

// Byte strings in the order of their ranks, end to end in one buffer.
class TokenList {
 public:
  size_t size() const noexcept {
    return ends_.size();
  }
  // The token of `rank`, 0 <= rank < size(). The view lives until the list
  // changes.
  std::string_view operator[](size_t rank) const noexcept {
    const size_t begin = rank == 0 ? 0 : ends_[rank - 1];
    return std::string_view(bytes_).substr(begin, ends_[rank] - begin);
  }
  void push_back(std::string_view token) {
    bytes_.append(token);
    ends_.push_back(bytes_.size());
  }
  // Keeps the first `size` tokens.
  void truncate(size_t size) {
    ends_.resize(size);
    bytes_.resize(size == 0 ? 0 : ends_.back());
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

// Immutable, so thread-safe.
class BytePairEncoder {
 public:
  // `tokens` lists the vocabulary by rank. Throws Error{kTokenizer} naming the
  // ranks when a token is empty or occurs twice, or when rank r < 256 is not
  // the single byte r.
  explicit BytePairEncoder(TokenList tokens);

  // Appends the ranks of `piece`, any bytes: the rank of the whole piece when
  // the vocabulary has it, else those left after merging, again and again, the
  // neighbours whose union has the lowest rank (the leftmost of equals).
  // O(n log n) for n bytes.
  void encode(std::string_view piece, std::vector<int32_t>& ranks) const;

 private:
  // Rank of `token`, or -1.
  int32_t find(std::string_view token) const noexcept;
  // Index into slots_ that holds `token`, or the free one where it belongs.
  size_t slot_of(std::string_view token) const noexcept;
  void merge(std::string_view piece, std::vector<int32_t>& ranks) const;

  TokenList tokens_;
  size_t longest_ = 0; // bytes
  // Open addressing with linear probing, a power of two, at most half full:
  // ranks, -1 where free.
  std::vector<int32_t> slots_;
};

} // namespace voxtral_tts::text
