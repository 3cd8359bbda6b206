"""Foreign files are data: hostile ones do nothing but get a one-line refusal."""

from __future__ import annotations

import io
import os
import pickle
import random
import struct
import sys
import zipfile
from collections import OrderedDict, defaultdict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ganzoo.errors import CheckpointError
from ganzoo.interchange import Global, Record, attributes, init_kwargs, module_state, network_of, parse, read_content

REFERENCE = os.environ.get("GANZOO_REFERENCE")
FILES = ("stylegan2_ada_g32.pkl", "stylegan2_tf_g32.pkl", "stylegan1_tf_32.pkl", "stylegan1_huangzh13_32.pth")
needs_reference = pytest.mark.skipif(not REFERENCE, reason="GANZOO_REFERENCE names no folder of reference numbers")
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def refusal(data: bytes) -> str:
    with pytest.raises(CheckpointError) as caught:
        parse(data)
    text = str(caught.value)
    assert text and "\n" not in text
    return text


@pytest.fixture
def canary(tmp_path):
    """A file that must not appear, and the modules that must not be imported meanwhile."""
    path, before = tmp_path / "canary", set(sys.modules)
    yield path
    assert not path.exists()
    assert {name for name in set(sys.modules) - before if name.startswith(("antigravity", "this", "turtle"))} == set()


class Calls:
    """Pickles as a call of whatever it is given."""

    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


# --- honest content -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_content_is_read_as_it_was(protocol):
    content = {
        "numbers": [0, 1, -1, 255, 256, 70_000, -(2**40), 2**200, 1.5, -0.0, float("inf"), True, False, None],
        "text": ["", "a'b\"c\\d\n", "ä€𐍈", "x" * 300, b"", b"\x00\xff\n'", b"y" * 300],
        "nested": ([], {}, (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), OrderedDict(a=1), {"s", "t"}, frozenset({1})),
    }
    found = parse(pickle.dumps(content, protocol))
    if protocol < 4:  # frozensets have no instruction of their own yet: a call, so a record
        assert isinstance(found["nested"][-1], Record)
        content["nested"], found["nested"] = content["nested"][:-1], found["nested"][:-1]
    assert found == content


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("dtype", ["f4", ">f4", "f8", "f2", "i8", ">i4", "u1", "bool"])
def test_arrays_become_tensors(protocol, dtype):
    array = (np.arange(24).reshape(2, 3, 4) % 7).astype(dtype)
    content = [array, array.T, np.asfortranarray(array), array[0, 0, :0], array.reshape(24)[5]]
    found = parse(pickle.dumps(content, protocol))
    for there, here in zip(content[:-1], found[:-1], strict=True):
        assert isinstance(here, torch.Tensor)
        assert here.shape == there.shape
        assert np.array_equal(here.numpy(), there)
    assert found[-1] == array.reshape(24)[5].item()


def test_arrays_that_hold_no_numbers_are_named_and_not_read():
    found = parse(pickle.dumps([np.array(["a", "b"]), np.array([{}, 1], object), np.zeros(2, "i4,f4")], 4))
    assert [each.name for each in found] == ["ndarray"] * 3


@pytest.mark.parametrize("zipped", [True, False])
def test_files_of_torch_are_read(zipped):
    base = torch.arange(24.0).reshape(4, 6)
    content = {
        "step": 3,
        "state": OrderedDict(a=base, view=base[1:3, ::2], t=base.t(), h=base.half(), b=base.bfloat16(), s=base.sum()),
        "parameter": nn.Parameter(torch.ones(2)),
        "other": [torch.tensor([True, False]), torch.tensor([2**40]), torch.empty(0, 3), torch.Size([1, 2])],
        "module": nn.BatchNorm1d(3).state_dict(),
    }
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    found = parse(file.getvalue())
    assert found["step"] == 3
    for name, there in content["state"].items():
        assert torch.equal(found["state"][name], there) and found["state"][name].dtype == there.dtype
    assert torch.equal(found["parameter"], torch.ones(2)) and not found["parameter"].requires_grad
    assert torch.equal(found["other"][0], content["other"][0]) and found["other"][1].item() == 2**40
    assert found["other"][2].shape == (0, 3) and found["other"][3] == (1, 2)
    assert found["module"].keys() == content["module"].keys()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_tensors_in_plain_pickles_are_read_by_the_same_rules(protocol):
    linear = nn.Linear(3, 2)
    found = parse(pickle.dumps(linear, protocol))
    assert (found.module, found.name) == ("torch.nn.modules.linear", "Linear")
    state = module_state(found)
    assert all(torch.equal(state[name], value) for name, value in linear.state_dict().items())


def test_objects_of_any_class_are_records():
    found = parse(pickle.dumps([Path("/etc/passwd"), defaultdict(list, a=[1]), complex(1, 2), os.system, slice(3)], 4))
    assert isinstance(found[0], Record) and found[0].args == ("/", "etc", "passwd")
    assert found[1].mapping == {"a": [1]} and found[1].args == (Global("builtins", "list"),)
    assert found[3] == Global(os.system.__module__, "system")


def test_shared_objects_stay_shared():
    tensor, shared = torch.ones(3), [1]
    file = io.BytesIO()
    torch.save({"a": tensor, "b": tensor, "c": [shared, shared]}, file)
    found = parse(file.getvalue())
    assert found["a"].data_ptr() == found["b"].data_ptr() and found["c"][0] is found["c"][1]


@needs_reference
def test_real_files_are_read_without_running_their_source():
    ada, tf2, tf1, hz = (read_content(Path(str(REFERENCE), name)) for name in FILES)
    state = module_state(ada["G_ema"])
    assert init_kwargs(ada["G_ema"])["z_dim"] == 32
    assert state["synthesis.b32.conv0.weight"].shape == (16, 32, 3, 3)
    assert "SystemExit" in ada["G"].args[0]["module_src"] and attributes(ada["G"])["img_resolution"] == 32
    for network in (tf2[-1], tf1[-1]):
        assert network_of(network).all_variables()["synthesis/4x4/Conv/weight"].shape == (3, 3, 32, 32)
    assert all(isinstance(value, torch.Tensor) for value in hz.values())


# --- hostile content ------------------------------------------------------------------------------------------------


def hostile_calls(canary: Path) -> dict[str, object]:
    command = f"touch {canary}"
    return {
        "a command": Calls(os.system, command),
        "a process": Calls(__import__("subprocess").Popen, ["touch", str(canary)]),
        "a file": Calls(open, str(canary), "w"),
        "source": Calls(eval, f"open({str(canary)!r}, 'w')"),
        "statements": Calls(exec, f"open({str(canary)!r}, 'w')"),
        "an import": Calls(__import__, "antigravity"),
        "an attribute": Calls(getattr, "x", "upper"),
        "an environment": Calls(os.putenv, "GANZOO_CANARY", "1"),
        "a loader": Calls(torch.load, str(canary)),
        "another pickle": Calls(pickle.loads, pickle.dumps(Calls(os.system, command))),
        "tensors from bytes": Calls(torch.storage._load_from_bytes, pickle.dumps(Calls(os.system, command))),
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_calls_are_not_made(canary, protocol):
    for what, hostile in hostile_calls(canary).items():
        data = pickle.dumps({"G_ema": hostile}, protocol)
        try:
            found = parse(data)
        except CheckpointError as error:
            assert "\n" not in str(error), what
        else:
            assert isinstance(found["G_ema"], Record), what
    assert "GANZOO_CANARY" not in os.environ


def command(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def test_every_instruction_that_could_call_makes_a_record(canary):
    touch = command(f"touch {canary}")
    streams = {
        "INST": b"(" + touch + b"iposix\nsystem\n.",
        "OBJ": b"(cposix\nsystem\n" + touch + b"o.",
        "REDUCE": b"cposix\nsystem\n(" + touch + b"tR.",
        "NEWOBJ": b"\x80\x02cposix\nsystem\n(" + touch + b"t\x81.",
        "NEWOBJ_EX": b"\x80\x04cposix\nsystem\n(" + touch + b"t}\x92.",
        "STACK_GLOBAL": b"\x80\x04" + command("posix") + command("system") + b"\x93(" + touch + b"tR.",
        "BUILD": b"cposix\nsystem\n)R}" + command("__setstate__") + b"cposix\nsystem\nsb.",
    }
    for what, stream in streams.items():
        found = parse(stream)
        assert isinstance(found, Record), what
        assert (found.module, found.name) == ("posix", "system")


@pytest.mark.parametrize(
    "stream",
    {
        "a record called": b"cposix\nsystem\n)R)R.",
        "text called": b"Vposix.system\n)R.",
        "arguments that are none": b"cposix\nsystem\nK\x01R.",
        "state of a name": b"cposix\nsystem\n}b.",
        "state of a number": b"K\x01}b.",
        "state twice": b"cposix\nsystem\n)R}b}b.",
        "items of text": b"Vabc\nVk\nVv\ns.",
        "odd items": b"}(K\x01u.",
        "a list as a key": b"}]K\x01s.",
        "a name as a key": b"}cposix\nsystem\nK\x01s.",
        "appending to a dictionary": b"}K\x01a.",
        "a name of a number": b"\x80\x04K\x01K\x02\x93.",
        "extension 1": b"\x80\x02\x82\x01.",
        "extension 2": b"\x80\x02\x83\x01\x00.",
        "extension 4": b"\x80\x02\x84\x01\x00\x00\x00.",
        "persistent text": b"P../../etc/passwd\n.",
        "persistent object": b"Vx\nQ.",
        "a buffer from outside": b"\x80\x05\x97.",
        "protocol 6": b"\x80\x06N.",
        "a memo that is empty": b"h\x07.",
        "a memo of text": b"gseven\n.",
        "a negative memo": b"Np-1\n.",
        "an empty stack": b".",
        "only a mark": b"(.",
        "no mark": b"K\x01t.",
        "popping nothing": b"0.",
        "a very long integer": b"\x80\x02\x8b\xff\xff\xff\x7f" + b"\x01" * 64 + b".",
        "a negative length": b"\x80\x02\x8b\xff\xff\xff\xff.",
        "an integer of 10,000 digits": b"I" + b"9" * 10_000 + b"\n.",
        "no integer": b"I0x12\n.",
        "no float": b"Fone\n.",
        "a huge string": b"X\xff\xff\xff\xffabc.",
        "a huge string of 8 bytes": b"\x80\x04\x8d" + b"\xff" * 8 + b"abc.",
        "huge bytes": b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7fabc.",
        "no UTF-8": b"X\x02\x00\x00\x00\xff\xfe.",
        "text without quotes": b"Sabc\n.",
        "a frame that lies": b"\x80\x04\x95\xff\xff\xff\xff\x00\x00\x00\x00N.",
        "a line without end": b"V" + b"a" * 100_000,
        "no instruction": b"\xf0.",
        "an end that is none": b"N.N",
        "a name of 1,000 letters": b"c" + b"m" * 1000 + b"\nname\n.",
        "an array without content": b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR.",
        "an array of another class": b"cnumpy.core.multiarray\n_reconstruct\n(cposix\nsystem\n(K\x00tU\x01btR.",
        "bytes of another encoding": b"c_codecs\nencode\n(Vabc\nVzip\ntR.",
    }.items(),
    ids=lambda pair: pair[0],
)
def test_what_weights_do_not_need_is_refused(stream):
    refusal(stream[1])


def test_objects_that_contain_themselves_are_refused():
    loop: list[object] = []
    loop.append({"again": loop})
    assert "contains itself" in refusal(pickle.dumps(loop, 4))
    inside = b"]q\x00h\x00\x85a."  # a list that holds a tuple that holds the list
    assert "contains itself" in refusal(inside)
    assert "contains itself" in refusal(b"cposix\nsystem\n)Rq\x00}Vme\nh\x00sb.")


@pytest.mark.ci
def test_bombs_are_refused():
    assert "nested" in refusal(b"]" * 100_000 + b"a" * 99_999 + b".")
    assert "nested" in refusal(b"K\x01" + b"\x85" * 100_000 + b".")
    laughs = b"]q\x00" + b"".join(b"](" + b"h%c" % level * 10 + b"eq%c" % (level + 1) for level in range(60)) + b"."
    assert "written out" in refusal(laughs)
    assert "instructions" in refusal(b"N0" * 1_050_000 + b"N.")
    copies = b"V" + b"a" * 60_000 + b"\nq\x00" + (b"c_codecs\nencode\n(h\x00Vlatin1\ntR0" * 20_000) + b"N."
    assert "far more than its own size" in refusal(copies)


def tensor_stream(offset: int, size: tuple, stride: tuple, *, numbers: int = 6) -> bytes:
    """A plain pickle of a tensor laid out as given over so many float32 numbers."""
    storage = torch.zeros(numbers).storage()
    return pickle.dumps(Calls(torch._utils._rebuild_tensor_v2, storage, offset, size, stride, False, OrderedDict()), 2)


def test_tensors_stay_inside_of_their_numbers():
    with pytest.warns(UserWarning, match="TypedStorage"):
        good = tensor_stream(1, (2, 2), (2, 1))
        cases = [
            tensor_stream(3, (2, 2), (2, 1)),
            tensor_stream(0, (2, 2), (6, 1)),
            tensor_stream(0, (7,), (1,)),
            tensor_stream(-1, (2,), (1,)),
            tensor_stream(2, (2,), (-1,)),
            tensor_stream(0, (2, 2), (1,)),
            tensor_stream(0, (2**50,), (0,)),
            tensor_stream(0, (2**39, 2**39), (0, 0)),
            tensor_stream(0, (1,) * 40, (1,) * 40),
            tensor_stream(0, (True,), (1,)),
            tensor_stream(0, (2.0,), (1,)),  # type: ignore[arg-type]
        ]
    assert parse(good).shape == (2, 2)
    for case in cases:
        refusal(case)


def test_arrays_have_the_size_they_say():
    good = pickle.dumps(np.zeros((3, 5), "f4"), 2)
    assert b"K\x03K\x05\x86" in good
    for wrong in (b"K\x03K\x06\x86", b"J\xff\xff\xff\x7fK\x05\x86", b"J\xff\xff\xff\xffK\x05\x86"):
        refusal(good.replace(b"K\x03K\x05\x86", wrong))
    refusal(pickle.dumps(Calls(np._core.multiarray.scalar, np.dtype("f8"), b"abc"), 4))


# --- archives -------------------------------------------------------------------------------------------------------


def saved(content: object) -> dict[str, bytes]:
    file = io.BytesIO()
    torch.save(content, file)
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method, compresslevel=1) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def test_zip_archives_are_read_packed_or_not_and_refused_when_odd():
    members = saved({"a": torch.arange(4.0)})
    assert torch.equal(parse(zipped(members, zipfile.ZIP_DEFLATED))["a"], torch.arange(4.0))
    numbers = next(name for name in members if name.endswith("data/0"))
    for changed in (
        {name: data for name, data in members.items() if name != numbers},
        members | {numbers: members[numbers][:-1]},
        members | {numbers: members[numbers] + b"\0"},
        members | {"other/data.pkl": b"N."},
        {"readme.txt": b"hello"},
        {name: (b"big" if name.endswith("byteorder") else data) for name, data in members.items()},
    ):
        refusal(zipped(changed))
    refusal(zipped(members, zipfile.ZIP_LZMA))
    whole = zipped(members, zipfile.ZIP_DEFLATED)
    refusal(whole[: len(whole) // 2])


def test_zip_bombs_are_refused():
    members = saved({"a": torch.zeros(40 * 2**20)})
    bomb = zipped(members, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 2**20
    assert "far more than its own size" in refusal(bomb)


def test_a_zip_member_that_lies_about_its_size_is_refused():
    data = zipped(saved({"a": torch.zeros(100_000)}), zipfile.ZIP_DEFLATED)
    small = struct.pack("<I", 400_000)
    assert small in data
    refusal(data.replace(small, struct.pack("<I", 40)))


def test_old_files_of_torch_say_what_is_wrong():
    file = io.BytesIO()
    torch.save({"a": torch.arange(4.0), "b": torch.ones(2)}, file, _use_new_zipfile_serialization=False)
    data = file.getvalue()
    assert parse(data)["b"].tolist() == [1.0, 1.0]
    for cut in range(1, len(data)):
        refusal(data[:-cut])
    assert "follow its end" in refusal(data + b"\0")


# --- files ----------------------------------------------------------------------------------------------------------


def test_refusals_name_the_file(tmp_path):
    (tmp_path / "evil\n\x1b[31m.pkl").write_bytes(b"cposix\n")
    (tmp_path / "empty").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    for path in (*tmp_path.iterdir(), tmp_path, tmp_path / "missing"):
        with pytest.raises(CheckpointError) as caught:
            read_content(path)
        assert len(str(caught.value).splitlines()) == 1
        assert str(tmp_path) in str(caught.value)


def refuse_truncated(name: str, every: int) -> None:
    data = Path(str(REFERENCE), name).read_bytes()
    for cut in range(0, len(data), every):
        refusal(data[:cut])


@needs_reference
@pytest.mark.parametrize("name", FILES)
def test_truncated_files_are_refused(name, canary):
    refuse_truncated(name, 20_000)


@needs_reference
@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_files_truncated_anywhere_are_refused(name, canary):
    refuse_truncated(name, 1000)


def mutations(data: bytes, seed: int, count: int):
    """Copies of `data` with bytes flipped, runs cut out, doubled, or overwritten by others of the file."""
    rng = random.Random(seed)
    for _ in range(count):
        mutated = bytearray(data)
        for _ in range(rng.choice([1, 1, 2, 8])):
            at, other, run = rng.randrange(len(mutated)), rng.randrange(len(mutated)), rng.choice([1, 2, 4, 30])
            kind = rng.randrange(4)
            if kind == 0:
                mutated[at] = rng.randrange(256)
            elif kind == 1:
                del mutated[at : at + run]
            elif kind == 2:
                mutated[at:at] = mutated[other : other + run]
            else:
                mutated[at : at + run] = mutated[other : other + run]
        yield bytes(mutated)


def small_files() -> list[bytes]:
    """Files that have more structure than numbers, so that mutations meet it."""
    content = {"G": nn.Linear(2, 2), "k": OrderedDict(a=np.ones(2), b=[1, "x", 2.5, (3,)]), "s": {1, 2}}
    state = {"a": torch.ones(2), "b": OrderedDict(c=torch.ones(1, 2).half()), "step": 3}
    files = [pickle.dumps(content, protocol) for protocol in PROTOCOLS]
    for new in (True, False):
        file = io.BytesIO()
        torch.save(state, file, _use_new_zipfile_serialization=new)
        files.append(file.getvalue())
    return files


def fuzz(count: int, seed: int) -> None:
    files, before = small_files(), set(sys.modules)
    for number, data in enumerate(files):
        for mutated in mutations(data, seed + number, count):
            try:
                parse(mutated)
            except CheckpointError as error:
                assert "\n" not in str(error)
    new = set(sys.modules) - before
    assert all(name.startswith("encodings.") for name in new), new  # codecs of text and of names in archives


def test_mutated_files_are_read_or_refused():
    fuzz(150, seed=1)


@pytest.mark.slow
def test_thousands_of_mutated_files_are_read_or_refused():
    fuzz(20_000, seed=1000)
