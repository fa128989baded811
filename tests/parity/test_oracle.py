"""The reference modules equal the independent model of the ExecuTorch wheel (see conftest.py)."""

from __future__ import annotations

# fp32 on both sides with other kernels and orders of summation: errors seen are up to 1e-6, and
# the mildest deviation of test_mutations.py is over 3e-4.
TOLERANCE = 1e-5


def test_language_model_hidden(comparisons, model):
    assert comparisons.language_model(model) < TOLERANCE


def test_flow_velocity_at_every_step(comparisons, model):
    assert comparisons.velocity(model) < TOLERANCE


def test_codes_of_frames(comparisons, model):
    # Exact: codes are discrete, and none of these 1440 lies within 1e-5 of a rounding boundary.
    assert comparisons.wrong_codes(model) == 0


def test_frame_embedding(comparisons, model):
    assert comparisons.frame_embedding(model) < TOLERANCE


def test_codec_waveform(comparisons, model):
    assert comparisons.waveform(model) < TOLERANCE


def test_frame_0_comes_from_the_last_prompt_row(comparisons, model):
    assert comparisons.first_hidden(model) < TOLERANCE


def test_frame_0_is_fed_back_right_after_the_prompt(comparisons, model):
    assert comparisons.second_hidden(model) < TOLERANCE
