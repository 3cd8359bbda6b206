"""The sentence on how scores were measured says which truncation there was."""

from __future__ import annotations

import pytest

from ganzoo._report.protocol_sentence import _details
from ganzoo.scoring.protocol import NOISE


@pytest.mark.parametrize(
    ("psi", "threshold", "said"),
    [
        (1.0, None, "without truncation"),
        (0.7, None, "truncation ψ = 0.7"),
        (1.0, 0.5, "latents truncated at 0.5"),
        (0.7, 0.5, "truncation ψ = 0.7 and latents truncated at 0.5"),
        (None, None, ""),
    ],
)
def test_it_says_what_was_truncated(psi, threshold, said):
    context = {"protocol.truncation_psi": psi, "protocol.truncation_threshold": threshold}
    assert _details(context)[0] == said
    cut = _details(context | {"protocol.truncation_cutoff": 4})[0]
    assert ("of the first 4 style layers" in cut) == (psi == 0.7)


@pytest.mark.parametrize("mode", NOISE)
def test_it_says_which_noise_there_was_unless_it_is_the_usual(mode):
    (said,) = {each for each in _details({"protocol.noise": NOISE[mode]}) if each} or {""}
    assert (
        said
        == {
            "random": "",
            "constant": "with the generator's own noise maps",
            "none": "without noise inside the generator",
        }[mode]
    )
