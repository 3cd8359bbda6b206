"""The tests' own browser: it is cut off from networks, and what it finds wrong is found."""

import pytest
from axe import axe_script, violations

pytestmark = pytest.mark.browser

POLICY = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:">'


def test_faults_of_a_page_are_seen(page, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(
        f"<!doctype html><html lang=en><title>A</title>{POLICY}<body><h1>A</h1><img src=https://example.invalid/a.png>"
        "<script>document.title = 'ran'</script><p style='color: red'>b"
    )
    page.show(file, width=400)
    assert page.run("[document.title, innerWidth]") == ["A", 400]
    assert page.requests == ["https://example.invalid/a.png"]
    assert {"img-src", "script-src", "style-src"} <= {
        word for each in page.complaints for word in ("img-src", "script-src", "style-src") if word in each
    }
    if axe_script():
        assert any(each.startswith("image-alt") for each in violations(page))


def test_scripts_can_be_off_and_the_page_dark(page, tmp_path):
    file = tmp_path / "page.html"
    file.write_text("<!doctype html><title>A</title><script>document.title = 'ran'; alert(1)</script>")
    dark = "matchMedia('(prefers-color-scheme: dark)').matches"
    page.show(file, dark=True)
    assert (page.run(f"[document.title, {dark}]"), page.dialogs) == (["ran", True], ["1"])
    page.show(file, scripts=False)
    assert (page.run(f"[document.title, {dark}]"), page.dialogs) == (["A", False], [])
