"""Turns a Voxtral-4B-TTS checkpoint into the programs that the C++ runner loads.

`export.modules` is the model as plain PyTorch and doubles as its specification; `export.synthetic`
makes checkpoints of the true format with random weights.
"""
