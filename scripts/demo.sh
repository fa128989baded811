#!/usr/bin/env bash
# Builds the runner and speaks a sentence with the export in FOLDER.
#   demo.sh FOLDER SENTENCE
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1 sentence=$2

bash scripts/build_runner.sh voxtral_tts-xnnpack
./voxtral_tts_runner --model "$folder/exported/model.pte" \
  --codec "$folder/exported/codec_decoder.pte" --text "$sentence" --output "$folder/hello.wav"
echo "wrote $folder/hello.wav"
