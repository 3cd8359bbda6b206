"""Model card: the README of a published folder, Markdown with front matter for the Hub."""

from __future__ import annotations

from ganzoo._publish.checksums import SUMS
from ganzoo._publish.contents import Contents
from ganzoo._publish.front_matter import counts_of, front_matter
from ganzoo._publish.names import RUNS
from ganzoo._publish.terms import dataset_name
from ganzoo._report.protocol_sentence import protocol_sentence
from ganzoo._runs.record import RunRecord
from ganzoo._version import __version__
from ganzoo.text import literal, markdown_cell


def card(contents: Contents) -> str:
    """Return the card."""
    sections = (
        _what(contents),
        _use(contents),
        _data(contents),
        _scores(contents),
        _memorization(contents),
        _limits(contents),
        _checking(contents),
    )
    return "\n".join([front_matter(contents), *("\n\n".join(section) + "\n" for section in sections)])


def _what(contents: Contents) -> list[str]:
    record, offered = contents.record, contents.offered[contents.main.name]
    dataset = record.dataset
    pixels = f"{dataset.resolution} × {dataset.resolution}, {_color(dataset.channels)}" if dataset else "unknown size"
    classes = f", {dataset.label_dim} classes" if dataset and dataset.label_dim else ""
    parts = ", ".join(
        f"{kind} {markdown_cell(str(section['name']))}"
        for kind in ("generator", "discriminator", "loss")
        if isinstance(section := record.recipe.get(kind), dict) and section.get("name")
    )
    kimg = f"{offered.images_seen / 1000:,.4g} thousand real images"
    others = len(contents.runs) - 1
    more = (
        f" It was trained beside {others} other run{'s' * (others > 1)}, whose records are in `runs/`."
        if others
        else ""
    )
    return [
        f"# {markdown_cell(contents.labels.title)}",
        f"A generative adversarial network that makes images ({pixels}{classes}): {parts}. Its discriminator was shown "
        f"{kimg}; the weights are {'an exponential moving average' if offered.weights == 'ema' else 'the raw ones'}. "
        f"Run {_code(record.name)}, seed {record.seed}, trained with ganzoo {_trained_with(record)}.{more}",
        "![Images of the first 64 seeds](samples/grid.png)",
    ]


def _trained_with(record: RunRecord) -> str:
    return markdown_cell(record.versions.get("ganzoo", __version__))


def _code(text: str) -> str:
    """Return text as code; it cannot hold the mark that would end it."""
    inside = literal(text).replace("`", "'")
    return f"`{inside}`"


def _color(channels: int) -> str:
    return {1: "gray", 3: "color"}.get(channels, f"{channels} channels")


def _use(contents: Contents) -> list[str]:
    name = contents.main.name
    lines = ["pip install ganzoo-toolkit", f"ganzoo import {contents.labels.folder}", f"ganzoo sample runs/{name}"]
    return [
        "## Use",
        "Beside this folder (nothing in it executes):",
        "\n".join(["```bash", *lines, "```"]),
        "`recipe.toml` trains it again once its images are where it says: `ganzoo run recipe.toml`.",
    ]


def _data(contents: Contents) -> list[str]:
    dataset, terms = contents.record.dataset, contents.terms
    counts = (
        ", ".join(f"{count:,} {markdown_cell(split)}" for split, count in dataset.images.items() if count)
        if dataset
        else "unknown"
    )
    name = dataset_name(contents.main) or "unknown"
    fingerprint = f"; fingerprint of pixels, labels and splits {_code(dataset.fingerprint)}" if dataset else ""
    where = f" ([{contents.labels.dataset_id}](https://huggingface.co/datasets/{contents.labels.dataset_id}))" * bool(
        contents.labels.dataset_id
    )
    return [
        "## Data and licenses",
        f"Dataset {markdown_cell(name)}{where}: {counts} images{fingerprint}. No real image is in this folder.",
        f"License of the images: {markdown_cell(terms.data)}. License of this folder: {markdown_cell(terms.weights)}.",
    ]


def _scores(contents: Contents) -> list[str]:
    lines = [
        f"- {markdown_cell(score.name)} {score.text}: {markdown_cell(counts_of(score))}, sampling seed "
        f"{markdown_cell(str(score.protocol.get('sampling_seed', 'unknown')))}, protocol {_code(score.protocol_id)}"
        for score in contents.scores
    ]
    left_out = [f"Not in this folder: {'; '.join(map(markdown_cell, contents.left_out))}."] if contents.left_out else []
    return [
        "## Scores",
        f"Of `generator.safetensors` ({literal(contents.main.name)}), the sampling error in brackets:",
        "\n".join(lines) or "It was not scored.",
        *(markdown_cell(protocol_sentence(table)) for table in contents.comparison.tables),
        _shifted(contents.comparison.to_markdown()),
        "All numbers are in `scores/`, `BOARD.json` and `report.html`.",
        *left_out,
    ]


def _shifted(markdown: str) -> str:
    """Return a comparison's Markdown with its headings below those of the card."""
    return "\n".join(f"#{line}" if line.startswith(("## ", "### ")) else line for line in markdown.strip().splitlines())


def _memorization(contents: Contents) -> list[str]:
    told = {True: "found", False: "not found", None: "not tested"}
    lines = [
        f"- {literal(name)}: {told[offered.memorization.found]}: {markdown_cell(offered.memorization.text)}"
        for name, offered in contents.offered.items()
    ]
    return ["## Memorization", "\n".join(lines)]


def _limits(contents: Contents) -> list[str]:
    seeds = sum(1 for run in contents.runs if run.record.recipe_hash)
    return [
        "## Limits",
        "Images of this network show nobody and are no evidence of anything; they are not for diagnosis. They follow "
        "the training images, with their bias. A test that finds no memorization does not prove that there is none. "
        f"Scores compare under equal protocols alone; {seeds} training{'s are' if seeds != 1 else ' is'} in this "
        "folder, and another one of the same recipe scores otherwise.",
    ]


def _checking(contents: Contents) -> list[str]:
    folder, dataset = contents.labels.folder, contents.record.recipe.get("dataset")
    where = " --set dataset.root=PATH" if isinstance(dataset, dict) and "root" in dataset else ""
    lines = [
        f"(cd {folder} && sha256sum -c {SUMS})",
        f"ganzoo verify {folder} --rescore{where}",
        f"ganzoo reproduce {folder}/{RUNS}/{contents.main.name}{where}",
    ]
    return [
        "## Checking and reproducing",
        "\n".join(["```bash", *lines, "```"]),
        "The first two tell whether the files are as they were published and whether the images give the same scores, "
        "bit for bit on the same kind of machine; the last trains again and says since which image anything differs.",
    ]
