// The WAV writer: any samples in any chunks, then the file is read again.
// Oracle: audio.h and the WAV format.
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include "audio/wav_writer.h"
#include "fuzz.h"
#include "voxtral_tts/audio.h"
#include "voxtral_tts/audio_sink.h"

using namespace voxtral_tts;

namespace {

// Chunks of floats: a length byte, then as many samples; a sample is a byte
// (1/100 of it), or 0xFF and any float.
std::vector<std::vector<float>> chunks_of(std::span<const uint8_t> input) {
  std::vector<std::vector<float>> chunks;
  size_t at = 0;
  while (at < input.size()) {
    std::vector<float>& chunk = chunks.emplace_back();
    for (size_t left = input[at++] % 40; left > 0 && at < input.size();
         --left) {
      const uint8_t code = input[at++];
      float sample = static_cast<float>(static_cast<int8_t>(code)) / 100.0f;
      if (code == 0xFF && input.size() - at >= sizeof(sample)) {
        std::memcpy(&sample, &input[at], sizeof(sample));
        at += sizeof(sample);
      }
      chunk.push_back(sample);
    }
  }
  return chunks;
}

void check_level(float sample, int level) {
  if (std::isnan(sample)) {
    fuzz::require(level == 0, "NaN is silence");
    return;
  }
  const double wanted =
      std::fmin(std::fmax(static_cast<double>(sample), -1.0), 1.0) * 32767.0;
  fuzz::require(
      std::abs(level - wanted) <= 0.502, "the nearest of 65,535 levels");
}

uint32_t u32(const std::vector<uint8_t>& file, size_t at) {
  uint32_t value = 0;
  std::memcpy(&value, &file.at(at), sizeof(value));
  return value;
}

std::vector<uint8_t> read_back(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void check_file(
    const std::vector<uint8_t>& file, const std::vector<float>& samples) {
  fuzz::require(
      file.size() == 44 + 2 * samples.size(), "a header and the samples");
  fuzz::require(
      std::memcmp(file.data(), "RIFF", 4) == 0 &&
          u32(file, 4) + 8 == file.size(),
      "the size of the file");
  fuzz::require(
      u32(file, 24) == 24000 && u32(file, 28) == 48000, "the sample rate");
  fuzz::require(u32(file, 40) == 2 * samples.size(), "the size of the data");
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto level = static_cast<int16_t>(
        static_cast<uint16_t>(file[44 + 2 * i] | (file[45 + 2 * i] << 8)));
    fuzz::require(level == to_s16(samples[i]), "to_s16");
    check_level(samples[i], level);
  }
}

// The writer takes what it is given; `limit` is where it must stop.
void check_writer(
    const std::vector<std::vector<float>>& chunks,
    uint64_t limit,
    bool keep_partial) {
  const auto path = fuzz::folder() / "writer.wav";
  std::filesystem::remove(path);
  std::vector<float> written;
  bool kept = true;
  {
    audio::WavWriter writer(path, 24000, limit);
    for (const auto& chunk : chunks) {
      const bool fits = 2 * (written.size() + chunk.size()) <= limit;
      fuzz::require(
          fits ==
              fuzz::reads(ErrorClass::kOutput, [&] { writer.append(chunk); }),
          "just what fits is taken");
      if (fits) {
        written.insert(written.end(), chunk.begin(), chunk.end());
      }
    }
    if (keep_partial) {
      kept = writer.keep_partial();
      fuzz::require(kept == !written.empty(), "samples are kept");
    } else {
      writer.finish();
    }
  }
  fuzz::require(std::filesystem::exists(path) == kept, "a file when kept");
  if (kept) {
    check_file(read_back(path), written);
  }
}

// The sink refuses what is not finite, and the rest is still there.
void check_sink(const std::vector<std::vector<float>>& chunks) {
  const auto path = fuzz::folder() / "sink.wav";
  const auto sink = make_wav_file_sink(path, 24000);
  std::vector<float> written;
  for (const auto& chunk : chunks) {
    bool finite = true;
    for (const float sample : chunk) {
      finite = finite && std::isfinite(sample);
    }
    fuzz::require(
        finite ==
            fuzz::reads(ErrorClass::kNumeric, [&] { sink->write(chunk); }),
        "finite samples, and no others");
    if (finite) {
      written.insert(written.end(), chunk.begin(), chunk.end());
    }
  }
  sink->finish();
  check_file(read_back(path), written);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) {
    return 0;
  }
  const auto chunks = chunks_of(std::span(data, size).subspan(2));
  const uint64_t limit =
      data[1] == 0 ? audio::kMaxWavDataBytes : uint64_t{4} * data[1];
  if (data[0] % 4 == 0) {
    check_sink(chunks);
  } else {
    check_writer(chunks, limit, data[0] % 4 == 1);
  }
  return 0;
}
