"""Crash: what a part's own exception was, as a sentence for people."""

from __future__ import annotations

import traceback

from ganzoo._inference.oom_batching import is_out_of_memory
from ganzoo._training.dry_run import less_memory_advice
from ganzoo.contracts.phase import Phase
from ganzoo.errors import RunError
from ganzoo.scoring.real_data import Inputs


def crash(error: Exception, inputs: Inputs, phase: Phase) -> RunError:
    """Say what a part's own exception was, with advice where memory ran out."""
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__
    if is_out_of_memory(error):
        traceback.clear_frames(error.__traceback__)  # they hold what the step had made
        return RunError(f"out of memory ({text}); {less_memory_advice(inputs.recipe, phase, inputs.device)}")
    return RunError(f"a part failed: {text} (its traceback is in the run's log.txt)")
