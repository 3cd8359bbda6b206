"""Run records as a finished training would leave them, for tests of comparisons."""

from ganzoo._runs.record import DatasetId, RunRecord, Score, recipe_hash

PROTOCOL = {"generated": 10_000, "reference_images": 9_000, "extractor": "inception-v3-compat", "split": "train"}


SHOWN = {"fid": {"images_needed": 4096}, "kid": {"unit": "×10³", "scale": 1000.0, "images_needed": 1000}}


def scores(fid=40.0, kid=0.02, error=0.01, images_seen=30_000, protocol=None, labels=("FID", "KID"), **more):
    protocol = {**PROTOCOL, **(protocol or {})}
    identity = "-".join(f"{value}" for value in protocol.values())
    return tuple(
        Score(
            metric=metric,
            label=label,
            **SHOWN[metric],
            value=value,
            standard_error=None if error is None else abs(value) * error,
            protocol=protocol,
            protocol_id=identity,
            images_seen=images_seen,
            **more,
        )
        for metric, label, value in (("fid", labels[0], fid), ("kid", labels[1], kid))
        if value is not None
    )


def record(stem="dcgan_oasis_logistic", seed=0, found=None, *, loss="logistic", penalties=("r1",), **changes):
    sections = {
        "title": "a title",
        "seed": seed,
        "dataset": {"name": "oasis", "root": f"/somewhere/{seed}", "resolution": 64},
        "generator": {"name": "dcgan", "width": 64},
        "discriminator": {"name": "dcgan", "width": 64},
        "loss": {"name": loss},
        "regularizers": [{"name": name} for name in penalties],
        "training": {"total_kimg": 30.0, "batch_size": 64, "log_kimg": 0.5 + seed},
    }
    for section, values in changes.pop("sections", {}).items():
        sections[section] = {**sections.get(section, {}), **values}
    settings = {
        "name": f"{stem}-s{seed}",
        "recipe": sections,
        "recipe_hash": recipe_hash(sections),
        "seed": seed,
        "dataset": DatasetId(name="oasis", resolution=64, channels=1, fingerprint="ab" * 32, images={"train": 9000}),
        "images_seen": 30_000,
        "seconds": 600.0,
        "parameters": {"generator": 3_574_000, "discriminator": 2_765_000},
        "status": "finished",
        "scores": scores() if found is None else found,
    }
    return RunRecord(**{**settings, **changes})
