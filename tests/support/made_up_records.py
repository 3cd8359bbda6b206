"""Run records as a finished training would leave them, for tests of comparisons."""

from ganzoo._runs.plain_data import ClassScore
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


def class_scores(values, error=0.1, names=(), few=()):
    """Values of classes 0, 1, ...; those in `few` have too few images to be told an error of."""
    return tuple(
        ClassScore(
            number=number,
            name=names[number] if names else "",
            value=value,
            standard_error=None if number in few else abs(value) * error,
            generated=9 if number in few else 100 + number,
            reference_images=90,
            notes=("few images",) if number in few else (),
        )
        for number, value in enumerate(values)
    )


def by_class(stem, seed, values, *, floor=None, key="class_kd", label="class-KD", **more):
    """A run with two scores, of which the second is known by class."""
    one = scores(kid=None)[0]
    shown = {"metric": key, "label": label, "unit": "×10³", "scale": 1000.0, "images_needed": 200, "floor": floor}
    mean = {"value": sum(values) / len(values), "standard_error": 0.001}
    of_classes = one.model_copy(update=shown | mean | {"by_class": class_scores(values, **more)})
    return record(stem, seed, found=(one, of_classes), loss=stem)
