# Warnings and sanitizers, for our own targets only.
add_library(voxtral_tts_flags INTERFACE)
# Messages name files of ours; not where they were built.
target_compile_options(voxtral_tts_flags INTERFACE "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")
target_compile_options(voxtral_tts_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wno-unused-parameter
  # A false alarm of GCC 12 about std::string concatenation.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(VOXTRAL_TTS_SANITIZE STREQUAL "THREAD")
  target_compile_options(voxtral_tts_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(voxtral_tts_flags INTERFACE -fsanitize=thread)
elseif(VOXTRAL_TTS_SANITIZE)
  set(_sanitize -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all -fno-omit-frame-pointer)
  # The wheel's libraries carry no type information for these two checks.
  list(APPEND _sanitize -fno-sanitize=vptr,function)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    list(REMOVE_ITEM _sanitize -fno-sanitize=vptr,function)
    list(APPEND _sanitize -fno-sanitize=vptr)
  endif()
  target_compile_options(voxtral_tts_flags INTERFACE ${_sanitize})
  target_link_options(voxtral_tts_flags INTERFACE ${_sanitize})
endif()
