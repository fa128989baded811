// Marks what the shared library makes visible; everything else is hidden.
#pragma once

#define VOXTRAL_TTS_API __attribute__((visibility("default")))
