"""Files as other people's code writes them, with random weights of any size: for tests of importers."""

from __future__ import annotations

import io
import pickle
import sys
import types

import numpy as np
import torch


class Maker:
    """Draws weights from a seed, by name and shape."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def __call__(self, *shape: int) -> np.ndarray:
        return np.asarray(self.rng.standard_normal(shape), "f4")


class Network:
    """Stands for `dnnlib.tflib.network.Network` while a pickle is written."""

    def __init__(self, **state):
        self.__dict__.update(state)


def tensorflow_network(name, function, variables, *, components=(), version=4, **static_kwargs):
    return Network(
        version=version,
        name=name,
        static_kwargs=static_kwargs,
        components=dict(components),
        build_module_src="raise SystemExit",
        build_func_name=function,
        variables=list(variables.items()),
    )


def pickled(content) -> bytes:
    """Pickle content whose networks are NVIDIA's, as far as names go."""
    names = ("dnnlib", "dnnlib.tflib", "dnnlib.tflib.network")
    modules = {name: types.ModuleType(name) for name in names}
    modules[names[-1]].Network = Network
    Network.__module__ = names[-1]
    sys.modules.update(modules)
    try:
        return pickle.dumps(content, 2)
    finally:
        Network.__module__ = __name__
        for name in names:
            del sys.modules[name]


def saved(content) -> bytes:
    """Save content as torch does."""
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def stylegan2_generator(make: Maker, widths: dict[int, int], *, latent=6, style=5, classes=3, channels=1, layers=2):
    """A generator of the first StyleGAN2 code, conditional: labels enter with the latents."""
    mapping = {"LabelConcat/weight": make(classes, latent)} if classes else {}
    inputs = latent * (2 if classes else 1)
    for layer in range(layers):
        mapping[f"Dense{layer}/weight"] = make(inputs if layer == 0 else style, style) * 100
        mapping[f"Dense{layer}/bias"] = make(style) * 10
    synthesis, noise, before = {}, 0, widths[4]

    def layer(scope, inputs, outputs, side, kernel=3, noisy=True):
        nonlocal noise
        synthesis[f"{scope}/weight"] = make(kernel, kernel, inputs, outputs)
        synthesis[f"{scope}/bias"] = make(outputs)
        synthesis[f"{scope}/mod_weight"], synthesis[f"{scope}/mod_bias"] = make(style, inputs), make(inputs)
        if noisy:
            synthesis[f"{scope}/noise_strength"] = np.float32(0.3)
            synthesis[f"noise{noise}"] = make(1, 1, side, side)
            noise += 1

    for side, width in sorted(widths.items()):
        if side == 4:
            synthesis["4x4/Const/const"] = make(1, width, 4, 4)
            layer("4x4/Conv", width, width, 4)
        else:
            layer(f"{side}x{side}/Conv0_up", before, width, side)
            layer(f"{side}x{side}/Conv1", width, width, side)
        layer(f"{side}x{side}/ToRGB", width, channels, side, kernel=1, noisy=False)
        before = width
    own = {"lod": np.float32(0), "dlatent_avg": make(style)}
    components = {
        "mapping": tensorflow_network("G_mapping", "G_mapping", mapping),
        "synthesis": tensorflow_network("G_synthesis", "G_synthesis_stylegan2", synthesis),
    }
    return tensorflow_network("G", "G_main", own, components=components)


def stylegan2_discriminator(make: Maker, widths: dict[int, int], *, classes=3, channels=1):
    """A discriminator of the first StyleGAN2 code, conditional: a score per class."""
    top = max(widths)
    found = {
        f"{top}x{top}/FromRGB/weight": make(1, 1, channels, widths[top]),
        f"{top}x{top}/FromRGB/bias": make(widths[top]),
    }
    for side in sorted(widths, reverse=True)[:-1]:
        here, below = widths[side], widths[side // 2]
        for name, inputs, outputs in (("Conv0", here, here), ("Conv1_down", here, below)):
            found[f"{side}x{side}/{name}/weight"] = make(3, 3, inputs, outputs)
            found[f"{side}x{side}/{name}/bias"] = make(outputs)
        found[f"{side}x{side}/Skip/weight"] = make(1, 1, here, below)
    last = widths[4]
    found |= {"4x4/Conv/weight": make(3, 3, last + 1, last), "4x4/Conv/bias": make(last)}
    found |= {"4x4/Dense0/weight": make(last * 16, last), "4x4/Dense0/bias": make(last)}
    found |= {"Output/weight": make(last, max(classes, 1)), "Output/bias": make(max(classes, 1))}
    return tensorflow_network("D", "D_stylegan2", found, mbstd_group_size=2)


def stylegan_generator(make: Maker, widths: dict[int, int], *, lod=0.0, latent=6, style=5, channels=3):
    """A generator of the official StyleGAN."""
    top, before = max(widths), widths[4]
    mapping = {"Dense0/weight": make(latent, style) * 100, "Dense0/bias": make(style) * 10}
    synthesis: dict[str, object] = {"lod": np.float32(lod), "4x4/Const/const": make(1, widths[4], 4, 4)}

    def epilogue(scope, width):
        synthesis[f"{scope}/bias"], synthesis[f"{scope}/Noise/weight"] = make(width), make(width)
        synthesis[f"{scope}/StyleMod/weight"] = make(style, 2 * width)
        synthesis[f"{scope}/StyleMod/bias"] = make(2 * width)

    for index, (side, width) in enumerate(sorted(widths.items())):
        places = ("Const", "Conv") if side == 4 else ("Conv0_up", "Conv1")
        for place in places:
            epilogue(f"{side}x{side}/{place}", width)
            if place != "Const":
                inputs = before if place == "Conv0_up" else width
                synthesis[f"{side}x{side}/{place}/weight"] = make(3, 3, inputs, width)
        step = top.bit_length() - side.bit_length()
        synthesis[f"ToRGB_lod{step}/weight"] = make(1, 1, width, channels)
        synthesis[f"ToRGB_lod{step}/bias"] = make(channels)
        for number in (0, 1):
            synthesis[f"noise{2 * index + number}"] = make(1, 1, side, side)
        before = width
    components = {
        "mapping": tensorflow_network("G_mapping", "G_mapping", mapping),
        "synthesis": tensorflow_network("G_synthesis", "G_synthesis", synthesis),
    }
    own = {"lod": np.float32(lod), "dlatent_avg": make(style)}
    return tensorflow_network("Gs", "G_style", own, components=components, version=3, truncation_psi=0.7)


def huangzh13_generator(
    make: Maker, widths: dict[int, int], *, classes=0, latent=6, style=5
) -> dict[str, torch.Tensor]:
    found = {"class_embedding.weight": make(classes, latent)} if classes else {}
    found["truncation.avg_latent"] = make(style)
    for layer, inputs in enumerate([latent * (2 if classes else 1), style]):
        found[f"g_mapping.map.dense{layer}.weight"] = make(style, inputs) * 100
        found[f"g_mapping.map.dense{layer}.bias"] = make(style) * 10
    before = widths[4]
    for index, (side, width) in enumerate(sorted(widths.items())):
        block = "g_synthesis.init_block" if side == 4 else f"g_synthesis.blocks.{index - 1}"
        if side == 4:
            found[f"{block}.const"], found[f"{block}.bias"] = make(1, width, 4, 4), make(width)
        else:
            found[f"{block}.conv0_up.weight"] = make(width, before, 3, 3)
            found[f"{block}.conv0_up.bias"] = make(width)
        last = f"{block}.{'conv' if side == 4 else 'conv1'}"
        found[f"{last}.weight"], found[f"{last}.bias"] = make(width, width, 3, 3), make(width)
        for number in (1, 2):
            found[f"{block}.epi{number}.top_epi.noise.weight"] = make(width)
            found[f"{block}.epi{number}.style_mod.lin.weight"] = make(2 * width, style)
            found[f"{block}.epi{number}.style_mod.lin.bias"] = make(2 * width)
        found[f"g_synthesis.to_rgb.{index}.weight"] = make(3, width, 1, 1)
        found[f"g_synthesis.to_rgb.{index}.bias"] = make(3)
        before = width
    return {name: torch.from_numpy(value) for name, value in found.items()}


def huangzh13_discriminator(make: Maker, widths: dict[int, int], channels=3) -> dict[str, torch.Tensor]:
    found, descending = {}, sorted(widths, reverse=True)
    for index, side in enumerate(descending):
        found[f"from_rgb.{index}.weight"] = make(widths[side], channels, 1, 1)
        found[f"from_rgb.{index}.bias"] = make(widths[side])
        if side > 4:
            for name, inputs, outputs in (
                ("conv0", widths[side], widths[side]),
                ("conv1_down", widths[side], widths[side // 2]),
            ):
                found[f"blocks.{index}.{name}.weight"] = make(outputs, inputs, 3, 3)
                found[f"blocks.{index}.{name}.bias"] = make(outputs)
            found[f"blocks.{index}.blur.kernel"] = np.outer([1, 2, 1], [1, 2, 1])[None, None].astype("f4") / 16
    last = widths[4]
    found |= {"final_block.conv.weight": make(last, last + 1, 3, 3), "final_block.conv.bias": make(last)}
    found |= {"final_block.dense0.weight": make(last, last * 16), "final_block.dense0.bias": make(last)}
    found |= {"final_block.dense1.weight": make(1, last), "final_block.dense1.bias": make(1)}
    return {name: torch.from_numpy(value) for name, value in found.items()}


def rosinality_generator(make: Maker, widths: dict[int, int], *, trained=None, code=6) -> dict[str, torch.Tensor]:
    found, before = {}, widths[4]
    for index, (side, width) in enumerate(sorted(widths.items())):
        block = f"generator.progression.{index}"
        if side == 4:
            found[f"{block}.conv1.input"] = make(1, width, 4, 4)
        else:
            found[f"{block}.conv1.1.conv.weight_orig"] = make(width, before, 3, 3)
            found[f"{block}.conv1.1.conv.bias"] = make(width)
        found[f"{block}.conv2.conv.weight_orig"] = make(width, width, 3, 3)
        found[f"{block}.conv2.conv.bias"] = make(width)
        for number in (1, 2):
            found[f"{block}.noise{number}.weight_orig"] = make(1, width, 1, 1)
            found[f"{block}.adain{number}.style.linear.weight_orig"] = make(2 * width, code)
            found[f"{block}.adain{number}.style.linear.bias"] = make(2 * width)
        found[f"generator.to_rgb.{index}.conv.weight_orig"] = make(3, width, 1, 1)
        found[f"generator.to_rgb.{index}.conv.bias"] = make(3) * (trained is None or side <= trained)
        before = width
    for layer in (1, 3):
        found[f"style.{layer}.linear.weight_orig"], found[f"style.{layer}.linear.bias"] = make(code, code), make(code)
    return {name: torch.from_numpy(np.asarray(value, "f4")) for name, value in found.items()}


def rosinality_stylegan2_generator(
    make: Maker, widths: dict[int, int], *, style=6, layers=2, channels=3, noises=True
) -> dict[str, torch.Tensor]:
    """A generator of rosinality's stylegan2-pytorch, buffers included."""
    kernel = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 16
    found, before, count = {"input.input": make(1, widths[4], 4, 4)}, widths[4], 0
    for layer in range(1, layers + 1):
        found[f"style.{layer}.weight"], found[f"style.{layer}.bias"] = make(style, style) * 100, make(style) * 10

    def modulated(name, inputs, outputs, size):
        found[f"{name}.conv.weight"] = make(1, outputs, inputs, size, size)
        found[f"{name}.conv.modulation.weight"] = make(inputs, style)
        found[f"{name}.conv.modulation.bias"] = make(inputs) + 1

    def styled(name, inputs, outputs, side):
        nonlocal count
        modulated(name, inputs, outputs, 3)
        found[f"{name}.noise.weight"], found[f"{name}.activate.bias"] = make(1), make(outputs)
        if noises:
            found[f"noises.noise_{count}"] = make(1, 1, side, side)
        count += 1

    for index, (side, width) in enumerate(sorted(widths.items())):
        if side == 4:
            styled("conv1", width, width, side)
        else:
            styled(f"convs.{2 * index - 2}", before, width, side)
            found[f"convs.{2 * index - 2}.conv.blur.kernel"] = kernel
            styled(f"convs.{2 * index - 1}", width, width, side)
            found[f"to_rgbs.{index - 1}.upsample.kernel"] = kernel
        image = "to_rgb1" if side == 4 else f"to_rgbs.{index - 1}"
        modulated(image, width, channels, 1)
        found[f"{image}.bias"] = make(1, channels, 1, 1)
        before = width
    return {name: torch.from_numpy(np.asarray(value, "f4")) for name, value in found.items()}


def rosinality_stylegan2_discriminator(make: Maker, widths: dict[int, int], *, channels=3) -> dict[str, torch.Tensor]:
    """A discriminator of rosinality's stylegan2-pytorch, buffers included."""
    kernel, descending = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64, sorted(widths, reverse=True)
    top = widths[descending[0]]
    found = {"convs.0.0.weight": make(top, channels, 1, 1), "convs.0.1.bias": make(top)}
    for index, side in enumerate(descending[:-1], 1):
        inputs, outputs, block = widths[side], widths[side // 2], f"convs.{index}"
        found |= {f"{block}.conv1.0.weight": make(inputs, inputs, 3, 3), f"{block}.conv1.1.bias": make(inputs)}
        found |= {f"{block}.conv2.0.kernel": kernel, f"{block}.skip.0.kernel": kernel}
        found |= {f"{block}.conv2.1.weight": make(outputs, inputs, 3, 3), f"{block}.conv2.2.bias": make(outputs)}
        found[f"{block}.skip.1.weight"] = make(outputs, inputs, 1, 1)
    last = widths[4]
    found |= {"final_conv.0.weight": make(last, last + 1, 3, 3), "final_conv.1.bias": make(last)}
    found |= {"final_linear.0.weight": make(last, last * 16), "final_linear.0.bias": make(last)}
    found |= {"final_linear.1.weight": make(1, last), "final_linear.1.bias": make(1)}
    return {name: torch.from_numpy(np.asarray(value, "f4")) for name, value in found.items()}


def lucidrains(
    make: Maker, widths: dict[int, int], *, width=6, channels=3, attention=(), judged=(), start="constant"
) -> dict[str, torch.Tensor]:
    """The state of a `StyleGAN2` of lucidrains' stylegan2-pytorch: S, G, their average SE, GE, and D.

    Args:
        make: Draws weights.
        widths: Channels by resolution, halved from half the capacity on, as its rule is.
        width: Size of latents and styles.
        channels: Of the images.
        attention: Numbers of the generator's blocks that have attention in front of them.
        judged: Numbers of the discriminator's blocks that have it behind them.
        start: What the generator begins with, a `constant` or a `style`.
    """
    found = {}
    for mapping, generator in (("S", "G"), ("SE", "GE")):
        for layer in (0, 2):
            found[f"{mapping}.net.{layer}.weight"] = make(width, width) * 5
            found[f"{mapping}.net.{layer}.bias"] = make(width)
        found |= _lucidrains_generator(make, generator, widths, width, channels, attention, start)
    descending = sorted(widths.values())
    inputs = channels
    for index, outputs in enumerate(descending + descending[-1:]):
        block, last = f"D.blocks.{index}", index == len(descending)
        _lucidrains_layer(found, make, f"{block}.conv_res", outputs, inputs, 1)
        _lucidrains_layer(found, make, f"{block}.net.0", outputs, inputs, 3)
        _lucidrains_layer(found, make, f"{block}.net.2", outputs, outputs, 3)
        if not last:
            found[f"{block}.downsample.0.f"] = np.array([1, 2, 1])
            _lucidrains_layer(found, make, f"{block}.downsample.1", outputs, outputs, 3)
        if index in judged:
            _lucidrains_attention(found, make, f"D.attn_blocks.{index}", outputs)
        inputs = outputs
    _lucidrains_layer(found, make, "D.final_conv", inputs, inputs, 3)
    found |= {"D.to_logit.weight": make(1, inputs * 4), "D.to_logit.bias": make(1)}
    return {name: torch.from_numpy(np.asarray(value, "f4")) for name, value in found.items()}


def _lucidrains_generator(make, name, widths, width, channels, attention, start):
    found, before = {}, widths[4]
    if start == "constant":
        found[f"{name}.initial_block"] = make(1, before, 4, 4)
    else:
        found[f"{name}.to_initial_block.weight"] = make(width, before, 4, 4)
    _lucidrains_layer(found, make, f"{name}.initial_conv", before, before, 3)
    for index, (side, outputs) in enumerate(sorted(widths.items())):
        block = f"{name}.blocks.{index}"
        for number, inputs in ((1, before), (2, outputs)):
            _lucidrains_layer(found, make, f"{block}.to_style{number}", inputs, width)
            _lucidrains_layer(found, make, f"{block}.to_noise{number}", outputs, 1)
            found[f"{block}.conv{number}.weight"] = make(outputs, inputs, 3, 3)
        _lucidrains_layer(found, make, f"{block}.to_rgb.to_style", outputs, width)
        found[f"{block}.to_rgb.conv.weight"] = make(channels, outputs, 1, 1)
        if side < max(widths):
            found[f"{block}.to_rgb.upsample.1.f"] = np.array([1, 2, 1])
        if index in attention:
            _lucidrains_attention(found, make, f"{name}.attns.{index}", before)
        before = outputs
    return found


def _lucidrains_attention(found, make, name, channels):
    inner = 8 * 64
    for number in (0, 1):
        found[f"{name}.{number}.fn.norm.g"] = make(1, channels, 1, 1)
        found[f"{name}.{number}.fn.norm.b"] = make(1, channels, 1, 1)
    found[f"{name}.0.fn.fn.to_q.weight"] = make(inner, channels, 1, 1)
    found[f"{name}.0.fn.fn.to_kv.net.0.weight"] = make(channels, 1, 3, 3)
    found[f"{name}.0.fn.fn.to_kv.net.1.weight"] = make(2 * inner, channels, 1, 1)
    _lucidrains_layer(found, make, f"{name}.0.fn.fn.to_out", channels, inner, 1)
    _lucidrains_layer(found, make, f"{name}.1.fn.fn.0", 2 * channels, channels, 1)
    _lucidrains_layer(found, make, f"{name}.1.fn.fn.2", channels, 2 * channels, 1)


def _lucidrains_layer(found, make, name, outputs, inputs, kernel=None):
    size = () if kernel is None else (kernel, kernel)
    found[f"{name}.weight"] = make(outputs, inputs, *size) / (inputs * (kernel or 1) ** 2) ** 0.5
    found[f"{name}.bias"] = make(outputs)


class _Persistent:
    """Stands for a module of NVIDIA's PyTorch pickles: a call that would make it from its source.

    Args:
        kind: Its class.
        state: Tensors by names with dots; the modules between are made.
        within: Attributes of modules inside of it, by names with dots.
        attributes: Its own.
    """

    def __init__(self, kind, state, within=None, **attributes):
        inside, own = {}, {}
        for name, value in state.items():
            head, _, rest = name.partition(".")
            if rest:
                inside.setdefault(head, {})[rest] = value
            else:
                own[head] = value
        within = within or {}
        modules = {
            name: _Persistent(
                "Layer",
                values,
                {key.removeprefix(f"{name}."): said for key, said in within.items() if key.startswith(f"{name}.")},
                **within.get(name, {}),
            )
            for name, values in inside.items()
        }
        if "out" in modules:  # the head of a discriminator
            modules["mbstd"] = _Persistent("MinibatchStdLayer", {}, group_size=4)
        self.meta = {
            "type": "class",
            "version": 6,
            "module_src": "raise SystemExit",
            "class_name": kind,
            "state": {"_parameters": own, "_buffers": {}, "_modules": modules} | attributes,
        }

    def __reduce__(self):
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (self.meta,)


def persistent_module(kind, state, within=None, **attributes):
    """A module for `persistent_pickled`; its arguments are those of `_Persistent`."""
    return _Persistent(kind, state, within, **attributes)


def nvidia_pytorch(generator: dict, discriminator: dict):
    """The content of a pickle of StyleGAN2-ADA, from states by official names."""
    return {
        "G": _Persistent("Generator", generator),
        "D": _Persistent("Discriminator", discriminator),
        "G_ema": _Persistent("Generator", generator),
        "training_set_kwargs": {"class_name": "training.dataset.ImageFolderDataset", "use_labels": False},
    }


def nvidia_stylegan3():
    """The content of a pickle of StyleGAN3, from what the importer's own example holds."""
    from ganzoo.interchange import init_kwargs, module_state
    from ganzoo_stylegan3.nvidia import NvidiaStyleGAN3

    example = NvidiaStyleGAN3.example_content()["G_ema"]
    made = _Persistent("Generator", module_state(example), _init_kwargs=init_kwargs(example))
    return {"G": made, "D": None, "G_ema": made, "training_set_kwargs": {}}


def persistent_pickled(content) -> bytes:
    """Pickle content whose modules are NVIDIA's PyTorch ones."""

    def _reconstruct_persistent_obj(meta):
        raise SystemExit

    names = ("torch_utils", "torch_utils.persistence")
    modules = {name: types.ModuleType(name) for name in names}
    _reconstruct_persistent_obj.__module__ = names[-1]
    _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    modules[names[-1]]._reconstruct_persistent_obj = _reconstruct_persistent_obj
    sys.modules.update(modules)
    try:
        return pickle.dumps(content, 4)
    finally:
        for name in names:
            del sys.modules[name]


def official_states(generator: dict, discriminator: dict) -> tuple[dict, dict]:
    """Return a pair of rosinality's networks by the names of NVIDIA's PyTorch code."""
    from ganzoo_stylegan2.rosinality_names import discriminator_state, generator_state

    return generator_state(generator) | {"mapping.w_avg": torch.zeros(6)}, discriminator_state(discriminator)


def exported(generator: dict) -> dict:
    """Return tensors and metadata as `ganzoo export` writes them, of one of rosinality's generators."""
    from ganzoo_stylegan2.rosinality import Rosinality

    found = Rosinality.read({"g_ema": generator, "latent_avg": torch.zeros(6)})
    options = "".join(f"{name} = {_toml(value)}\n" for name, value in found.ema.options.model_dump().items() if value)
    images = f"resolution = {found.images.resolution}\nchannels = {found.images.channels}\nlabel_dim = 0\n"
    text = f'title = "a"\nseed = 0\n[images]\n{images}[generator]\nname = "stylegan2"\n{options}'
    metadata = {"format": "pt", "ganzoo": "1", "images_seen": "64", "weights": "ema", "networks": text}
    return {"tensors": {name: value.contiguous() for name, value in found.ema.weights.items()}, "metadata": metadata}


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
