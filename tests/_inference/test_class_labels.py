"""Classes by number or by name."""

import pytest
from made_up_records import record

from ganzoo._inference.class_labels import class_names, class_number, unlearned
from ganzoo._runs.record import DatasetId
from ganzoo.errors import GanzooError

NAMES = ("cat", "dog", "10")


class Run:
    def __init__(self, **more):
        shape = {"name": "pets", "resolution": 64, "channels": 1, "label_dim": 3, "fingerprint": "ab" * 32}
        self.record = record("a", dataset=DatasetId(**shape, **more))


def test_a_class_is_asked_for_by_number_or_by_name_and_names_go_before():
    assert [class_number(asked, 3, NAMES) for asked in (None, 1, "1", "dog", "10", "cat")] == [None, 1, 1, 1, 2, 0]
    for asked, said in (
        ("dgo", "called cat, dog, 10; did you mean 'dog'"),
        (3, "class 3: the network has classes 0 to 2, called cat, dog, 10$"),
        ("-1", "classes 0 to 2"),
        ("\x1b[31m", r"class \\x1b\[31m"),
    ):
        with pytest.raises(GanzooError, match=said):
            class_number(asked, 3, NAMES)
    with pytest.raises(GanzooError, match="has no classes; leave class out"):
        class_number("cat", 0, ())


def test_what_a_run_knows_of_its_classes():
    run = Run(class_names=NAMES, class_images=(5, 0, 3))
    assert class_names(run) == NAMES
    assert "no image of class dog was in the training" in unlearned(run, "dog") == unlearned(run, 1).replace("1", "dog")
    assert unlearned(run, "cat") == unlearned(run, None) == unlearned(Run(), 1) == ""
    assert class_names(Run()) == ()
