import io
import itertools
import random
import threading
import tomllib
from concurrent.futures import ThreadPoolExecutor

import pytest
import tomli_w
import torch
from made_up_records import record
from PIL import Image
from typer.testing import CliRunner

from ganzoo._io.atomic import atomic_write, sha256_of, write_text
from ganzoo._io.png_check import png_damage
from ganzoo._runs.checkpoint import prune, write_checkpoint
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.kept import kept_in
from ganzoo._runs.metrics_log import MetricsLog
from ganzoo._runs.record import read_record, recipe_hash, write_record
from ganzoo._runs.sealed_toml import seal_toml
from ganzoo._runs.verify import verify_run
from ganzoo.errors import GanzooError


@pytest.fixture
def run(tmp_path):
    """A small run, as a training would leave it."""
    run = RunDirectory.create(tmp_path, "a", 0)
    write_text(run.recipe, seal_toml(tomli_w.dumps(record().recipe)))
    recipe = tomllib.loads(run.recipe.read_text())
    with MetricsLog(run.metrics) as log:
        for images in (64, 128):
            log.append(images, {"loss": 1 / images})
            state = {"metrics": log.position()}
            write_checkpoint(run.checkpoints, images, {"generator": {"w": torch.randn(9)}}, state)
    write_checkpoint(run.snapshots, 64, {"ema": {"w": torch.randn(9)}}, {})
    png = io.BytesIO()
    Image.new("L", (8, 8), 7).save(png, "PNG")
    atomic_write(run.samples / "0000000064.png", png.getvalue())
    files = {"recipe.toml": sha256_of(run.recipe)}
    write_record(
        run.record, record(recipe=recipe, recipe_hash=recipe_hash(recipe), files=files, name="a-s0", kept=kept_in(run))
    )
    return run


def test_an_intact_run(run):
    assert verify_run(run.path) == []


@pytest.mark.ci
def test_every_flipped_bit_anywhere_is_found_and_its_file_named(run):
    files = [path for path in sorted(run.path.rglob("*")) if path.is_file() and path.name != "run.lock"]
    assert {path.name for path in files} >= {"record.json", "recipe.toml", "metrics.jsonl", "MANIFEST.json"}
    rng = random.Random(3)
    for attempt in range(400):
        path = files[attempt % len(files)]
        intact = path.read_bytes()
        damaged = bytearray(intact)
        if attempt % 7 == 0:
            del damaged[rng.randrange(len(damaged)) :]
        else:
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        problems = verify_run(run.path)
        assert any(path.name in problem for problem in problems), path
        path.write_bytes(intact)
    assert verify_run(run.path) == []


def test_metrics_after_the_checkpoint_may_grow(run):
    with MetricsLog(run.metrics) as log:
        log.append(192, {"loss": 0.1})
    assert verify_run(run.path) == []


def test_another_recipe_is_noticed(run):
    write_text(run.recipe, run.recipe.read_text().replace("logistic", "hinge"))
    assert any("recipe" in problem for problem in verify_run(run.path))
    run.recipe.unlink()
    assert any("recipe.toml cannot be read" in problem for problem in verify_run(run.path))


def test_what_was_deleted_is_missed_and_what_a_trainer_removes_is_not(run):
    for gone in (run.checkpoints / f"{128:010d}", run.checkpoints / f"{64:010d}", run.snapshots / f"{64:010d}"):
        put_back = gone.rename(run.path / "aside")
        assert any(f"{gone} is missing" in problem for problem in verify_run(run.path))
        put_back.rename(gone)
    sample = run.samples / "0000000064.png"
    data = sample.read_bytes()
    sample.unlink()
    assert any("0000000064.png is missing" in problem for problem in verify_run(run.path))
    atomic_write(sample, data)
    (run.checkpoints / f"{64:010d}").rename(run.path / "aside")
    with MetricsLog(run.metrics) as log:
        log.append(192, {"loss": 0.1})
        write_checkpoint(run.checkpoints, 192, {"generator": {"w": torch.randn(9)}}, {"metrics": log.position()})
    assert verify_run(run.path) == []  # killed after a newer checkpoint, before its record


def test_beside_a_trainer_nothing_is_wrong_and_nothing_fails(run):
    """A trainer writes checkpoints and removes them as fast as it can."""
    ended = threading.Event()

    def train():
        for images in itertools.count(129):
            if ended.is_set():
                return
            write_checkpoint(run.checkpoints, images, {"generator": {"w": torch.randn(9)}}, {})
            prune(run.checkpoints, 2)
            write_record(run.record, read_record(run.record).model_copy(update={"kept": kept_in(run)}))

    with ThreadPoolExecutor(1) as pool:
        trainer = pool.submit(train)
        try:
            assert [verify_run(run.path) for _ in range(30)] == [[]] * 30
        finally:
            ended.set()
        trainer.result()


def test_strangers_and_paths_out_of_the_run_are_told(run):
    (run.checkpoints / "latest").touch()
    write_record(run.record, record(files={"../x": "0" * 64, "/etc/passwd": "0" * 64}))
    problems = verify_run(run.path)
    assert sum("outside of the run" in problem for problem in problems) == 2
    assert any("is no checkpoint" in problem for problem in problems)


def test_no_run_is_bad_input(tmp_path):
    with pytest.raises(GanzooError, match="is not a run"):
        verify_run(tmp_path)


@pytest.mark.parametrize("data", [b"", b"\x89PNG", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" + b"\xff" * 40])
def test_what_is_no_png(data):
    assert png_damage(data)


def test_something_after_the_end_of_a_png():
    png = io.BytesIO()
    Image.new("RGB", (3, 3)).save(png, "PNG")
    assert png_damage(png.getvalue()) is None
    assert png_damage(png.getvalue() + b"x") == "something follows its end"


def test_the_command(run):
    import typer

    from ganzoo._cli.verify import verify

    app = typer.Typer()
    app.command()(verify)
    done = CliRunner().invoke(app, [str(run.path)])
    assert done.exit_code == 0
    assert "intact" in done.stdout
    run.metrics.write_bytes(b"")
    done = CliRunner().invoke(app, [str(run.path)])
    assert isinstance(done.exception, GanzooError)
    assert done.exception.exit_code == 1
    assert "metrics.jsonl is cut" in str(done.exception)
    done = CliRunner().invoke(app, [str(run.samples)])
    assert isinstance(done.exception, GanzooError)
    assert done.exception.exit_code == 2
