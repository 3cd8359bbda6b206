"""The sentence on how scores were measured says which truncation there was."""

from __future__ import annotations

import pytest

from ganzoo._report.protocol_sentence import _details


@pytest.mark.parametrize(
    ("psi", "threshold", "said"),
    [
        (1.0, None, "without truncation"),
        (0.7, None, "truncation ψ = 0.7"),
        (1.0, 0.5, "latents truncated at 0.5"),
        (None, None, ""),
    ],
)
def test_it_says_what_was_truncated(psi, threshold, said):
    context = {"protocol.truncation_psi": psi, "protocol.truncation_threshold": threshold}
    assert _details(context)[0] == said
