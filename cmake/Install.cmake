# What `cmake --install` and the wheel lay down.
if(SKBUILD)
  # Inside the wheel the library lies beside the module; ExecuTorch beside the
  # package. A wheel holds no links, so the library has one name.
  set_target_properties(voxtral_tts PROPERTIES VERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    INSTALL_RPATH "${VOXTRAL_TTS_ORIGIN}/../executorch/lib;${VOXTRAL_TTS_ORIGIN}/../mlx/lib")
  if(TARGET voxtral_tts_mlx)
    set_target_properties(voxtral_tts_mlx PROPERTIES
      INSTALL_RPATH "${VOXTRAL_TTS_ORIGIN}/../executorch/lib;${VOXTRAL_TTS_ORIGIN}/../mlx/lib")
    install(TARGETS voxtral_tts_mlx LIBRARY DESTINATION voxtral_tts)
  endif()
  set_target_properties(_core PROPERTIES INSTALL_RPATH "${VOXTRAL_TTS_ORIGIN};${VOXTRAL_TTS_ORIGIN}/../executorch/lib")
  install(TARGETS _core voxtral_tts LIBRARY DESTINATION voxtral_tts NAMELINK_SKIP)
  return()
endif()

# A plain install links to the ExecuTorch and the MLX it was configured with.
set_target_properties(voxtral_tts PROPERTIES
  INSTALL_RPATH "${VOXTRAL_TTS_EXECUTORCH_LIB};${VOXTRAL_TTS_MLX_LIB}")
if(TARGET voxtral_tts_mlx)
  set_target_properties(voxtral_tts_mlx PROPERTIES
    INSTALL_RPATH "${VOXTRAL_TTS_EXECUTORCH_LIB};${VOXTRAL_TTS_MLX_LIB}")
  install(TARGETS voxtral_tts_mlx) # beside the library, which loads it
endif()
install(TARGETS voxtral_tts EXPORT voxtral_ttsTargets)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/cpp/runner/include/voxtral_tts" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
install(FILES "${PROJECT_BINARY_DIR}/cpp/runner/include/voxtral_tts/version.h" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/voxtral_tts")
if(VOXTRAL_TTS_BUILD_CLI)
  set_target_properties(voxtral_tts_runner PROPERTIES
    INSTALL_RPATH "${VOXTRAL_TTS_ORIGIN}/../${CMAKE_INSTALL_LIBDIR};${VOXTRAL_TTS_EXECUTORCH_LIB}")
  install(TARGETS voxtral_tts_runner)
endif()

set(_config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/voxtral_tts")
install(EXPORT voxtral_ttsTargets NAMESPACE voxtral_tts:: DESTINATION "${_config_dir}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/voxtral_ttsConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/voxtral_ttsConfig.cmake" INSTALL_DESTINATION "${_config_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/voxtral_ttsConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/voxtral_ttsConfig.cmake" "${PROJECT_BINARY_DIR}/voxtral_ttsConfigVersion.cmake"
        DESTINATION "${_config_dir}")
