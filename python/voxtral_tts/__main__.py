"""``python -m voxtral_tts``: the same as ``voxtral-tts``."""

import sys

from voxtral_tts.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
