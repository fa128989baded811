// Collects the spans of SpeechStream::trace(): nothing but a test of a flag
// when off, no allocation beyond what start() reserved when on.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "voxtral_tts/trace.h"

namespace voxtral_tts::engine {

class SpanRecorder {
 public:
  // From now on records, at most `capacity` spans: later ones are left out.
  void start(size_t capacity) {
    spans_.reserve(capacity);
    capacity_ = capacity;
  }
  const std::vector<TraceSpan>& spans() const noexcept {
    return spans_;
  }

  // Records its own lifetime, exceptions included.
  class Span {
   public:
    Span(SpanRecorder& recorder, const char* name, int64_t index = 0)
        : recorder_(recorder), span_{.name = name, .index = index} {
      if (recorder_.capacity_ > 0) {
        span_.start_us = now_us();
      }
    }
    Span(const Span&) = delete;
    Span& operator=(const Span&) = delete;
    // Nothing happened that is worth a span.
    void drop() noexcept {
      is_dropped_ = true;
    }
    ~Span() {
      if (!is_dropped_ && recorder_.spans_.size() < recorder_.capacity_) {
        span_.duration_us = now_us() - span_.start_us;
        recorder_.spans_.push_back(span_);
      }
    }

   private:
    SpanRecorder& recorder_;
    TraceSpan span_;
    bool is_dropped_ = false;
  };

 private:
  static int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  size_t capacity_ = 0;
  std::vector<TraceSpan> spans_;
};

} // namespace voxtral_tts::engine
