// VOXTRAL_TTS_TARGET("avx2,fma") compiles the functions after it, to the end of
// the file, for those instructions. Standard headers come before it: an inline
// function of theirs built with them could be the one other files get.
#pragma once

#if defined(__x86_64__)
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the "undefined" operands of its own intrinsics for a mistake.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif
#endif

#define VOXTRAL_TTS_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define VOXTRAL_TTS_TARGET(features) \
  VOXTRAL_TTS_PRAGMA(                \
      clang attribute push(          \
          __attribute__((target(features))), apply_to = function))
#define VOXTRAL_TTS_TARGET_END VOXTRAL_TTS_PRAGMA(clang attribute pop)
#else
#define VOXTRAL_TTS_TARGET(features) VOXTRAL_TTS_PRAGMA(GCC target(features))
#define VOXTRAL_TTS_TARGET_END
#endif
