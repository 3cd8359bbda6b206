"""Texts of a published folder against names that act on a page: the card shows them literally, YAML reads them back."""

import pytest
import yaml
from injections import INJECTIONS
from made_up_runs import made_up_run, scores_on_the_way
from markdown_it import MarkdownIt

from ganzoo._inference.run import Run
from ganzoo._leaderboard.gather import compare_runs
from ganzoo._publish.card import card
from ganzoo._publish.choice import chosen_runs
from ganzoo._publish.contents import Contents, Labels, Offered
from ganzoo._publish.front_matter import citation, eval_results
from ganzoo._publish.publish import PublishRequest
from ganzoo._publish.terms import Terms
from ganzoo._registry.registry import Registry
from ganzoo._runs.record import DatasetId
from ganzoo.contracts.memorization import MemorizationVerdict
from ganzoo.errors import GanzooError
from ganzoo.text import literal

_LINKS = {"https://huggingface.co/datasets/acme/data"}


def contents_of(root, text):
    """A folder of one run whose every text is this one, as an author or a plugin may have made them."""
    data = DatasetId(name=text, resolution=8, channels=1, fingerprint="ab" * 32, images={"train": 9, text: 5})
    path = made_up_run(
        root, "run", name=f"{text}-s0", title=text, loss=text, dataset=data, samples=False, folder="run-s0",
        versions={"ganzoo": text},
        sections={"dataset": {"name": text}, "generator": {"name": text}, "discriminator": {"name": text}},
        scores=scores_on_the_way(30.0, points=1, protocol={"split": text, "extractor": text}, notes=(text,)),
    )  # fmt: skip
    run = Run(path)
    offered = Offered("generator.safetensors", 30_000, "ema", MemorizationVerdict(None, text))
    labels = Labels(text, "2026-01-01", "folder", "acme/model", "acme/data", (text,))
    comparison = compare_runs([path])
    return Contents(run, [run], {run.name: offered}, comparison, Terms(text, text), labels, [text])


def rendered(markdown):
    """What a site that lets HTML through makes of Markdown: its text, and what is no text."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown)
    every = [each for token in tokens for each in (token, *(token.children or ()))]
    text = " ".join(
        "".join(each.content for each in token.children if each.type in ("text", "code_inline"))
        for token in tokens
        if token.children
    )
    html = [each.content for each in every if each.type in ("html_block", "html_inline")]
    links = {each.attrs["href"] for each in every if each.type == "link_open"}
    images = [each.attrs["src"] for each in every if each.type == "image"]
    return text, html, links, images, sum(each.type == "heading_open" for each in every)


@pytest.mark.parametrize("injections", [INJECTIONS[::5], pytest.param(INJECTIONS, marks=pytest.mark.slow)], ids=len)
def test_injections_are_read_as_they_are_written(tmp_path, injections):
    headings = set()
    for place, injected in enumerate(injections):
        contents = contents_of(tmp_path / str(place), injected)
        _, front, body = card(contents).split("---\n", 2)
        text, html, links, images, count = rendered(body)
        assert (html, links, images) == ([], _LINKS, ["samples/grid.png"]), injected
        assert text.count(literal(injected).strip()) >= 8, injected
        headings.add(count)
        assert {injected, literal(injected)} & set(yaml.safe_load(front)["tags"])
        assert yaml.safe_load(citation(contents))["title"] == injected
        assert yaml.safe_load(eval_results(contents))[0]["value"] == 30.0
    assert len(headings) == 1


def test_a_folder_that_no_other_system_could_have_is_not_published(tmp_path):
    made_up_run(tmp_path, folder="$(touch x)", samples=False)
    with pytest.raises(GanzooError, match="cannot name a run"):
        chosen_runs([tmp_path], None, Registry.discover())
    for identifier in ("a", "a/b/c", '"><img src=x>/y', "a b/c"):
        with pytest.raises(GanzooError, match="should be owner/name"):
            PublishRequest(dataset_id=identifier)


@pytest.mark.parametrize("text", ["\U0001f9e0 brains", "a\u2028b", "\x85", "é 中"])
def test_yaml_reads_back_any_letters(tmp_path, text):
    assert yaml.safe_load(citation(contents_of(tmp_path, text)))["title"] == text
