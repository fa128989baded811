#!/usr/bin/env bash
# Exports a checkpoint for MLX, builds the runner, speaks a text four times and
# checks the audio: from first to last what an MLX user does.
#   run_mlx_e2e.sh CHECKPOINT TEXT [OPTION of python -m export]...
#
#   OUT         folder for everything made (default out/mlx-e2e)
#   MAX_FRAMES  limit of 80 ms frames (default: the model's)
#   DEVICE      auto, gpu or cpu (default auto)
#   RUNNER      a runner that is built already (default: built now)
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# -lt 2 ]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
checkpoint=$1 text=$2
shift 2
out=${OUT:-out/mlx-e2e}

mkdir -p "$out"
export VOXTRAL_TTS_CACHE=$PWD/out/cache # not the user's own
rm -rf "$out/exported" "$out"/{first,warm,offline,streamed}.*
.venv/bin/python -W ignore -m export --model-path "$checkpoint" --output-dir "$out/exported" \
  --backend mlx "$@"
if [ -z "${RUNNER:-}" ]; then
  bash scripts/build_runner.sh voxtral_tts-mlx
  RUNNER=./voxtral_tts_runner
fi

speak() { # speak NAME [FLAG]...
  local name=$1 code=0
  shift
  "$RUNNER" --model "$out/exported/model.pte" \
    --codec "$out/exported/codec_decoder.pte" --text "$text" --device "${DEVICE:-auto}" \
    ${MAX_FRAMES:+--max-frames "$MAX_FRAMES"} --stats-json "$out/$name.json" "$@" || code=$?
  [ $code = 0 ] || [ $code = 10 ] || exit $code # 10: cut by the model's limit
}

speak first --output "$out/first.wav"
speak warm --output "$out/warm.wav"
speak offline --chunk-frames 32 --output "$out/offline.wav"
speak streamed --speaker >"$out/streamed.f32"
cmp "$out/first.wav" "$out/warm.wav"

.venv/bin/python scripts/check_wav.py "$out"/first.wav "$out"/offline.wav "$out"/streamed.f32
.venv/bin/python scripts/e2e_table.py "$out"
