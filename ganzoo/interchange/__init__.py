"""Interchange: other people's files as inert data; public, for importers in plugins.

`read_content(path)` reads pickles and files of `torch.save` without importing, calling or executing anything of them.
Arrays are CPU tensors; what is neither container, number, text nor array is a `Record` of names and state. A file of
safetensors is the record `safetensors.file` of tensors (`mapping`) and metadata (`state`).
"""

from __future__ import annotations

from ganzoo.interchange.named_tensors import is_averaged, renamed, state_dicts
from ganzoo.interchange.persistence import (
    attributes,
    class_name,
    init_args,
    init_kwargs,
    is_persistent,
    module_state,
    persistent_record,
    submodules,
)
from ganzoo.interchange.read import parse, read_content
from ganzoo.interchange.records import Global, Record
from ganzoo.interchange.tensorflow import TensorFlowNetwork, is_network, network_of, network_record

__all__ = [
    "Global",
    "Record",
    "TensorFlowNetwork",
    "attributes",
    "class_name",
    "init_args",
    "init_kwargs",
    "is_averaged",
    "is_network",
    "is_persistent",
    "module_state",
    "network_of",
    "network_record",
    "parse",
    "persistent_record",
    "read_content",
    "renamed",
    "state_dicts",
    "submodules",
]
