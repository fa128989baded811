// Everything in one include.
#pragma once

#include "voxtral_tts/audio.h"
#include "voxtral_tts/audio_sink.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/log.h"
#include "voxtral_tts/options.h"
#include "voxtral_tts/runner.h"
#include "voxtral_tts/speech_stream.h"
#include "voxtral_tts/stats.h"
#include "voxtral_tts/trace.h"
#include "voxtral_tts/version.h"
#include "voxtral_tts/voice.h"
