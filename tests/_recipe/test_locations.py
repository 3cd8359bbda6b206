"""Where data lie stays on the machine."""

from ganzoo._recipe.locations import without_locations


def test_what_is_passed_on_says_nothing_of_this_machine():
    recipe = {
        "paper": "https://arxiv.org/abs/1406.2661",
        "dataset": {"name": "folder", "root": "/home/anna/scans", "pack": "s3://clinic/pack", "labels": "a.json"},
        "scoring": {"extractor": {"name": "inception", "weights": "C:\\Users\\anna\\w.pth"}},
        "regularizers": [{"name": "r1", "where": "~/x"}],
    }
    assert without_locations(recipe) == {
        "paper": "https://arxiv.org/abs/1406.2661",
        "dataset": {"name": "folder", "labels": "a.json"},
        "scoring": {"extractor": {"name": "inception"}},
        "regularizers": [{"name": "r1"}],
    }
