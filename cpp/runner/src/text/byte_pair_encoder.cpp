#include "text/byte_pair_encoder.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>
#include <queue>
#include <tuple>
#include <utility>

#include "voxtral_tts/error.h"

namespace voxtral_tts::text {
namespace {

constexpr size_t kBytes = 256;
constexpr int32_t kFree = -1;
constexpr size_t kGone = std::numeric_limits<size_t>::max();

// Two neighbouring parts of a piece whose union, [begin, end), is a token.
struct Candidate {
  int32_t rank;
  size_t begin;
  size_t end;

  // Lowest rank first, then leftmost.
  bool operator>(const Candidate& other) const {
    return std::tie(rank, begin) > std::tie(other.rank, other.begin);
  }
};

void check_single_bytes(const TokenList& tokens) {
  for (size_t byte = 0; byte < kBytes; ++byte) {
    const char expected = static_cast<char>(byte);
    if (byte >= tokens.size() ||
        tokens[byte] != std::string_view(&expected, 1)) {
      throw Error(
          ErrorClass::kTokenizer,
          "vocab rank " + std::to_string(byte) +
              " is not that single byte; ranks 0 to 255 must be");
    }
  }
}

} // namespace

BytePairEncoder::BytePairEncoder(TokenList tokens)
    : tokens_(std::move(tokens)) {
  check_single_bytes(tokens_);
  slots_.assign(std::bit_ceil(2 * tokens_.size()), kFree);
  for (size_t rank = 0; rank < tokens_.size(); ++rank) {
    const std::string_view token = tokens_[rank];
    if (token.empty()) {
      throw Error(
          ErrorClass::kTokenizer,
          "vocab rank " + std::to_string(rank) + " is empty");
    }
    int32_t& slot = slots_[slot_of(token)];
    if (slot != kFree) {
      throw Error(
          ErrorClass::kTokenizer,
          "vocab ranks " + std::to_string(slot) + " and " +
              std::to_string(rank) + " hold the same bytes");
    }
    slot = static_cast<int32_t>(rank);
    longest_ = std::max(longest_, token.size());
  }
}

size_t BytePairEncoder::slot_of(std::string_view token) const noexcept {
  const size_t mask = slots_.size() - 1;
  size_t index = std::hash<std::string_view>()(token) & mask;
  while (slots_[index] != kFree &&
         tokens_[static_cast<size_t>(slots_[index])] != token) {
    index = (index + 1) & mask;
  }
  return index;
}

int32_t BytePairEncoder::find(std::string_view token) const noexcept {
  return token.size() > longest_ ? kFree : slots_[slot_of(token)];
}

void BytePairEncoder::encode(
    std::string_view piece, std::vector<int32_t>& ranks) const {
  if (piece.empty()) {
    return;
  }
  if (const int32_t whole = find(piece); whole != kFree) {
    ranks.push_back(whole);
    return;
  }
  merge(piece, ranks);
}

// The parts form a list linked by offsets: a part starts at `begin` and ends
// where the next one starts, next[begin]. Candidates that a merge made stale
// stay in the queue and are dropped when they surface.
void BytePairEncoder::merge(
    std::string_view piece, std::vector<int32_t>& ranks) const {
  const size_t size = piece.size();
  std::vector<size_t> next(size + 1);
  std::vector<size_t> previous(size + 1);
  for (size_t i = 0; i <= size; ++i) {
    next[i] = i < size ? i + 1 : kGone;
    previous[i] = i > 0 ? i - 1 : kGone;
  }

  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto consider = [&](size_t begin) {
    if (next[begin] >= size) {
      return;
    }
    const size_t end = next[next[begin]];
    const int32_t rank = find(piece.substr(begin, end - begin));
    if (rank != kFree) {
      queue.push({rank, begin, end});
    }
  };
  for (size_t begin = 0; begin < size; ++begin) {
    consider(begin);
  }

  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    const size_t middle = next[best.begin];
    if (middle == kGone || next[middle] != best.end) {
      continue;
    }
    next[best.begin] = best.end;
    next[middle] = kGone;
    previous[best.end] = best.begin;
    consider(best.begin);
    if (previous[best.begin] != kGone) {
      consider(previous[best.begin]);
    }
  }
  for (size_t begin = 0; begin < size; begin = next[begin]) {
    ranks.push_back(find(piece.substr(begin, next[begin] - begin)));
  }
}

} // namespace voxtral_tts::text
