import struct

import numpy as np

import ganzoo

# So short that it takes seconds, and scored by features that need no download.
SHORT = ["training.total_kimg=0.064", "scoring.generated=16", "scoring.reference_images=16"]
SHORT += ["scoring.metrics=['fid']", "scoring.extractor.name=random-features"]


def test_the_recipe_trains_on_a_file_and_is_scored(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 28, 28), np.uint8)
    file = tmp_path / "train-images-idx3-ubyte"
    file.write_bytes(struct.pack(">4sIII", b"\0\0\x08\x03", *pixels.shape) + pixels.tobytes())
    run = ganzoo.run("your-part", overrides=[*SHORT, f"dataset.root={file}"], runs=tmp_path / "runs")
    assert run.record.status == "finished"
    assert [score.label for score in run.record.scores] == ["FD-random"]
