import ganzoo

# So short that it takes seconds, and scored by features that need no download.
SHORT = ["training.total_kimg=0.064", "scoring.generated=16", "scoring.reference_images=16"]
SHORT += ["scoring.metrics=['fid']", "scoring.extractor.name=random-features"]


def test_the_recipe_trains_and_is_scored(tmp_path):
    run = ganzoo.run("your-part", overrides=[*SHORT, "dataset.count=64"], runs=tmp_path / "runs")
    assert run.record.status == "finished"
    assert [score.label for score in run.record.scores] == ["FD-random"]
