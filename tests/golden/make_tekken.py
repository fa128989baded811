"""Makes a speech tokenizer file from the text vocabulary that mistral-common ships.

The wheel's tekken_240911.json has the text vocabulary of the model but neither special
tokens nor an audio section. This adds both, so that the C++ tokenizer and
mistral-common's encode_speech_request read the same file:

    python make_tekken.py <wheel>/mistral_common/data/tekken_240911.json tekken.json

The special tokens' ranks and the voices' lengths are those of the published model. The
output's name must contain "tekken": mistral-common tells the format by it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

VERSION = "v7"  # the first with speech requests

# Rank by name; every other rank below the number of special tokens gets a filler name.
SPECIAL_TOKENS = {
    "<unk>": 0,
    "<s>": 1,
    "</s>": 2,
    "[INST]": 3,
    "[/INST]": 4,
    "[AVAILABLE_TOOLS]": 5,
    "[/AVAILABLE_TOOLS]": 6,
    "[TOOL_RESULTS]": 7,
    "[/TOOL_RESULTS]": 8,
    "[TOOL_CALLS]": 9,
    "[IMG]": 10,
    "<pad>": 11,
    "[IMG_BREAK]": 12,
    "[IMG_END]": 13,
    "[PREFIX]": 14,
    "[MIDDLE]": 15,
    "[SUFFIX]": 16,
    "[SYSTEM_PROMPT]": 17,
    "[/SYSTEM_PROMPT]": 18,
    "[TOOL_CONTENT]": 19,
    "[AUDIO]": 24,
    "[BEGIN_AUDIO]": 25,
    "[OUTPUT_AUDIO]": 26,
    "[TRANSCRIBE]": 34,
    "[REPEAT_AUDIO_TEXT]": 35,
    "[NEXT_AUDIO_TEXT]": 36,
}

# Rows of each preset voice's embedding.
VOICE_NUM_AUDIO_TOKENS = {
    "casual_female": 214,
    "casual_male": 147,
    "cheerful_female": 132,
    "neutral_female": 218,
    "neutral_male": 169,
    "pt_male": 144,
    "pt_female": 175,
    "nl_male": 138,
    "nl_female": 146,
    "it_male": 168,
    "it_female": 172,
    "fr_male": 97,
    "fr_female": 97,
    "es_male": 208,
    "es_female": 138,
    "de_male": 163,
    "de_female": 147,
    "ar_male": 67,
    "hi_male": 94,
    "hi_female": 86,
}


def make_tekken(source: dict[str, Any]) -> dict[str, Any]:
    """The speech tokenizer file for `source`, the content of a text-only tekken.json."""
    names = {rank: name for name, rank in SPECIAL_TOKENS.items()}
    special_tokens = [
        {"rank": rank, "token_str": names.get(rank, f"<SPECIAL_{rank}>"), "is_control": True}
        for rank in range(source["config"]["default_num_special_tokens"])
    ]
    return {
        "config": source["config"] | {"version": VERSION},
        "vocab": source["vocab"],
        "special_tokens": special_tokens,
        "audio": {
            "sampling_rate": 24000,
            "frame_rate": 12.5,
            "audio_encoding_config": {"num_mel_bins": 128, "hop_length": 160, "window_size": 400},
            "chunk_length_s": 30.0,
            "voice_num_audio_tokens": VOICE_NUM_AUDIO_TOKENS,
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="make a speech tekken.json from a text-only one")
    parser.add_argument("source", type=Path, help="tekken_240911.json of the mistral-common wheel")
    parser.add_argument("output", type=Path, help="file to write, for example tekken.json")
    arguments = parser.parse_args()
    source = json.loads(arguments.source.read_text(encoding="utf-8"))
    arguments.output.write_text(json.dumps(make_tekken(source)), encoding="utf-8")


if __name__ == "__main__":
    main()
