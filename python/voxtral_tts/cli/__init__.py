"""The program ``voxtral-tts``; docs/voxtral-tts.md describes it."""
