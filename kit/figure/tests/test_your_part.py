import ganzoo
from ganzoo.testing import check_figure, conformance
from your_part import YourPart

test_conformance = conformance("your-part")  # one test for each promise of the contract

# So small that it takes seconds; of random networks, since a figure is about what it draws, not about what was learned.
SMALL = ["training.total_kimg=0.064", "dataset.count=64", "generator.width=4", "discriminator.width=4"]
UNSCORED = ["scoring.generated=16", "scoring.reference_images=16", "scoring.metrics=['fid']"]


def test_it_is_drawn_from_a_run(tmp_path):
    extractor = ["scoring.extractor.name=random-features"]
    run = ganzoo.run("quickstart", overrides=[*SMALL, *UNSCORED, *extractor], runs=tmp_path / "runs")
    check_figure(YourPart, source=run.generator())
    written = run.draw(YourPart(seeds=range(8), gain=4)).write(tmp_path / "mean.png")
    assert all(path.is_file() for path in written)
