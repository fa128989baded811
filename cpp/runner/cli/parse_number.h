// Numbers of the command line, read strictly: the whole value, in range, or
// Error{kUsage} naming the flag and the value.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdlib>
#include <string>

#include "voxtral_tts/error.h"

namespace voxtral_tts::cli {

[[noreturn]] inline void throw_bad_value(
    const std::string& flag,
    const std::string& value,
    const std::string& expected) {
  throw Error(
      ErrorClass::kUsage, flag + ": '" + value + "' is not " + expected);
}

template <std::integral T>
T parse_integer(
    const std::string& flag, const std::string& value, T low, T high) {
  T number{};
  const char* end = value.data() + value.size();
  const auto [stop, status] = std::from_chars(value.data(), end, number);
  if (status != std::errc{} || stop != end || number < low || number > high) {
    throw_bad_value(
        flag,
        value,
        "an integer from " + std::to_string(low) + " to " +
            std::to_string(high));
  }
  return number;
}

// A finite float. strtod, as libc++ has no from_chars for floating point.
inline float parse_float(const std::string& flag, const std::string& value) {
  char* stop = nullptr;
  const double number = std::strtod(value.c_str(), &stop);
  const bool whole =
      !value.empty() && stop == value.c_str() + value.size() &&
      std::string(" \t\n\v\f\r").find(value[0]) == std::string::npos;
  const auto narrow = static_cast<float>(number);
  if (!whole || !std::isfinite(narrow)) {
    throw_bad_value(flag, value, "a finite number");
  }
  return narrow;
}

} // namespace voxtral_tts::cli
