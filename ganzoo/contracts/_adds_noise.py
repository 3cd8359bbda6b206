"""Adds noise: whether a network that could take noise has any."""

from __future__ import annotations

from ganzoo.contracts.capabilities import NoiseInputs, NoiseResolutions


def adds_noise(network: object) -> bool:
    """Whether a network has noise inputs, and noise at some resolution: without any, `use_noise` changes nothing."""
    nowhere = isinstance(network, NoiseResolutions) and not network.noise_resolutions()
    return isinstance(network, NoiseInputs) and not nowhere
