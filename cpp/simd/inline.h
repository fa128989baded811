// Code of the kernels that is compiled for the instruction set of its caller.
#pragma once

#define VOXTRAL_TTS_INLINE __attribute__((always_inline)) inline
