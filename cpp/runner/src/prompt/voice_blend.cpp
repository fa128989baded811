#include "prompt/voice_blend.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <system_error>
#include <tuple>

#include "support/files.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/voice.h"

namespace voxtral_tts::prompt {
namespace {

namespace fs = std::filesystem;
using support::in_quotes;

constexpr double kMaxGain = 4;
// n and 10^k are exact in a double up to here, so n / 10^k is rounded once.
constexpr size_t kMaxDigits = 15;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(
      ErrorClass::kVoice,
      why +
          "; a blend is voices with weights, such as "
          "'neutral_female:0.6+fr_female:0.4'");
}

// By hand, as strtod depends on the locale and takes "nan" and "0x1p3".
std::optional<double> decimal(std::string_view text) {
  double digits = 0;
  double scale = 1;
  size_t count = 0;
  bool is_fraction = false;
  for (const char c : text) {
    if (c == '.' && !is_fraction) {
      is_fraction = true;
    } else if (c >= '0' && c <= '9' && ++count <= kMaxDigits) {
      digits = digits * 10 + (c - '0');
      scale *= is_fraction ? 10 : 1;
    } else {
      return std::nullopt;
    }
  }
  return count > 0 ? std::optional(digits / scale) : std::nullopt;
}

std::optional<double> weight_of(std::string_view part) {
  const size_t colon = part.rfind(':');
  return colon == std::string_view::npos ? std::nullopt
                                         : decimal(part.substr(colon + 1));
}

BlendPart parse_part(std::string_view text) {
  const std::optional<double> weight = weight_of(text);
  const std::string name = in_quotes(std::string(text));
  if (!weight) {
    refuse("the part " + name + " has no weight, a decimal number after a ':'");
  }
  if (*weight <= 0) {
    refuse("the weight of " + name + " is not above 0: leave the voice out");
  }
  BlendPart part{std::string(text.substr(0, text.rfind(':'))), *weight};
  if (part.voice.empty()) {
    refuse("the part " + name + " names no voice");
  }
  return part;
}

double rms(const double* row, size_t dim) {
  double sum = 0;
  for (size_t i = 0; i < dim; ++i) {
    sum += row[i] * row[i];
  }
  return std::sqrt(sum / static_cast<double>(dim));
}

// A part, ready to be added row by row.
struct Source {
  const VoiceEmbedding* voice;
  double weight; // of a sum of 1
  std::vector<double> row_rms;
};

// In the order in which they are added: that of the arguments would change the
// last bits, and with them the key under which the prefix is kept.
std::vector<Source> sources(
    std::span<const VoiceEmbedding> voices, std::span<const double> weights) {
  std::vector<Source> parts;
  for (size_t i = 0; i < voices.size(); ++i) {
    Source part{&voices[i], weights[i], {}};
    const auto dim = static_cast<size_t>(voices[i].dim);
    std::vector<double> row(dim);
    for (size_t start = 0; start < voices[i].values.size(); start += dim) {
      std::copy_n(&voices[i].values[start], dim, row.begin());
      part.row_rms.push_back(rms(row.data(), dim));
    }
    parts.push_back(std::move(part));
  }
  std::ranges::sort(parts, [](const Source& a, const Source& b) {
    return std::tie(b.weight, b.voice->rows, a.voice->name, a.voice->values) <
           std::tie(a.weight, a.voice->rows, b.voice->name, b.voice->values);
  });
  double total = 0;
  for (const Source& part : parts) {
    total += part.weight;
  }
  for (Source& part : parts) {
    part.weight /= total;
  }
  return parts;
}

// Adds the part's row at `i` of `rows` to `mix`, times its weight; returns the
// RMS it should have, times its weight.
double add_row(const Source& part, int i, int rows, std::vector<double>& mix) {
  const int64_t last = part.voice->rows - 1;
  const int64_t steps = rows > 1 ? rows - 1 : 2;
  const int64_t position = rows > 1 ? i * last : last; // in steps of a row
  const auto low = static_cast<size_t>(position / steps);
  const double high_share =
      static_cast<double>(position % steps) / static_cast<double>(steps);
  const size_t high = low + (high_share > 0 ? 1 : 0);
  const double low_weight = part.weight * (1 - high_share);
  const double high_weight = part.weight * high_share;
  const float* const values = part.voice->values.data();
  for (size_t k = 0; k < mix.size(); ++k) {
    mix[k] += low_weight * static_cast<double>(values[low * mix.size() + k]) +
              high_weight * static_cast<double>(values[high * mix.size() + k]);
  }
  return low_weight * part.row_rms[low] + high_weight * part.row_rms[high];
}

// The file of each part; errors name the part.
std::vector<fs::path> find_parts(
    const fs::path& dir, const std::vector<BlendPart>& parts) {
  std::vector<fs::path> files;
  for (const BlendPart& part : parts) {
    const fs::path file = find_voice(dir, part.voice);
    const bool is_known =
        std::ranges::any_of(files, [&](const fs::path& known) {
          std::error_code ignored;
          return fs::equivalent(known, file, ignored);
        });
    if (is_known) {
      refuse("the voice " + in_quotes(part.voice) + " is there twice");
    }
    files.push_back(file);
  }
  return files;
}

VoiceEmbedding load_blend(
    const fs::path& dir, const std::string& text, int dim, int max_rows) {
  const std::vector<BlendPart> parts = parse_voice_blend(text);
  std::vector<VoiceEmbedding> voices;
  for (const fs::path& file : find_parts(dir, parts)) {
    voices.push_back(load_voice_embedding(file, dim, max_rows));
  }
  std::vector<double> weights;
  for (const BlendPart& part : parts) {
    weights.push_back(part.weight);
  }
  VoiceEmbedding blend = blend_voices(voices, weights);
  blend.name = text;
  return blend;
}

} // namespace

std::vector<BlendPart> parse_voice_blend(std::string_view text) {
  std::vector<BlendPart> parts;
  size_t start = 0;
  for (size_t plus = text.find('+'); plus != std::string_view::npos;
       plus = text.find('+', plus + 1)) {
    const std::string_view part = text.substr(start, plus - start);
    if (weight_of(part)) {
      parts.push_back(parse_part(part));
      start = plus + 1;
    }
    if (parts.size() >= kMaxBlendParts) {
      refuse(
          "the blend has more than " + std::to_string(kMaxBlendParts) +
          " parts");
    }
  }
  parts.push_back(parse_part(text.substr(start)));
  if (parts.size() < 2) {
    refuse("the blend " + in_quotes(std::string(text)) + " has one part only");
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (parts[i].voice == parts[k].voice) {
        refuse("the voice " + in_quotes(parts[i].voice) + " is there twice");
      }
    }
  }
  return parts;
}

VoiceEmbedding blend_voices(
    std::span<const VoiceEmbedding> voices, std::span<const double> weights) {
  const std::vector<Source> parts = sources(voices, weights);
  VoiceEmbedding blend;
  blend.rows = parts.front().voice->rows;
  blend.dim = parts.front().voice->dim;
  blend.values.reserve(parts.front().voice->values.size());
  std::vector<double> mix(static_cast<size_t>(blend.dim));
  for (int i = 0; i < blend.rows; ++i) {
    std::ranges::fill(mix, 0);
    double target = 0;
    for (const Source& part : parts) {
      target += add_row(part, i, blend.rows, mix);
    }
    const double length = rms(mix.data(), mix.size());
    const double gain = length > 0 ? std::min(target / length, kMaxGain) : 1;
    for (const double value : mix) {
      blend.values.push_back(static_cast<float>(value * gain));
      if (!std::isfinite(blend.values.back())) {
        refuse("the blend's values are beyond float32");
      }
    }
  }
  return blend;
}

VoiceEmbedding load_voice(
    const fs::path& dir, const std::string& voice, int dim, int max_rows) {
  fs::path file;
  try {
    file = find_voice(dir, voice);
  } catch (const Error&) {
    if (voice.find('+') == std::string::npos) {
      throw;
    }
    return load_blend(dir, voice, dim, max_rows);
  }
  return load_voice_embedding(file, dim, max_rows);
}

} // namespace voxtral_tts::prompt
