"""`python -m voxtral_tts.bench`: what the full-size model costs on this machine.

Makes a synthetic checkpoint with the published shapes unless one is given, exports it, and times
the runner in fresh processes, in turn when there are several backends. Checkpoint and exports are
kept, keyed by what they were made from. Needs the `export` extra, 14 GB of disk (with two backends
19) and the time that the exports take. How each figure comes about: docs/performance.md.
"""
