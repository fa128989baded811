#include "voxtral_tts/options.h"

namespace voxtral_tts {

const char* to_string(Device device) noexcept {
  switch (device) {
    case Device::kAuto:
      return "auto";
    case Device::kGpu:
      return "gpu";
    case Device::kCpu:
      return "cpu";
  }
  return "auto";
}

std::optional<Device> device_from(std::string_view name) noexcept {
  for (const Device device : {Device::kAuto, Device::kGpu, Device::kCpu}) {
    if (name == to_string(device)) {
      return device;
    }
  }
  return std::nullopt;
}

} // namespace voxtral_tts
