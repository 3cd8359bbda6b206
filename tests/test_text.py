import pytest
from hostile_names import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from ganzoo.text import clip, csv_cell, literal, markdown_cell, names_meant, plain_message, reason_of


def test_text_that_prints_is_left_alone():
    assert literal("dcgan_oasis ± 64×64 é 脳") == "dcgan_oasis ± 64×64 é 脳"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\udcff.png", r"\udcff.png"),
        ("\u202ex", r"\u202ex"),
        ("\x9b", r"\x9b"),
        ("\u2028", r"\u2028"),
    ],
)
def test_what_does_not_print_is_escaped(text, expected):
    assert literal(text) == expected


@given(st.text(st.characters()))
def test_literal_text_prints_and_can_be_encoded(text):
    shown = literal(text)
    assert shown.isprintable()
    shown.encode("utf-8")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1", "＝1"])
def test_a_spreadsheet_computes_no_cell(text):
    assert csv_cell(text) == "'" + text


def test_tabs_and_returns_cannot_start_a_cell():
    assert csv_cell("\t=1") == r"\t=1"
    assert csv_cell("\r=1") == r"\r=1"


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_stays_one_cell(text):
    cell = markdown_cell(text)
    assert "\n" not in cell
    assert "|" not in cell.replace("\\|", "")
    assert "<" not in cell.replace("\\<", "")


def test_names_with_underscores_stay_readable_in_markdown():
    assert markdown_cell("dcgan_oasis_logistic") == "dcgan_oasis_logistic"
    assert markdown_cell("_a_") == r"\_a\_"


def test_markdown_makes_no_links():
    assert "https://" not in markdown_cell("https://x.invalid")


def test_the_reason_of_a_fault_is_one_line_and_short():
    assert reason_of(ValueError("bad\nheader")) == r"bad\nheader"
    assert reason_of(ValueError(f"differs: {'x' * 5000}")) == f"differs: {'x' * 190}…"
    assert reason_of(KeyboardInterrupt()) == "KeyboardInterrupt"


def test_clip():
    assert clip("abcdef", 6) == "abcdef"
    assert clip("abcdef", 4) == "abc…"


def test_a_wrong_option_is_told_without_words_of_python():
    assert plain_message("Input should be a valid integer, unable to parse string as an integer") == (
        "should be a whole number"
    )
    assert plain_message("Value error, 'a' is not one of 'b'.") == "'a' is not one of 'b'."
    assert plain_message("Input should be greater than or equal to 0") == "should be greater than or equal to 0"


def test_names_that_begin_with_the_word_are_meant_before_those_that_look_like_it():
    known = ["bcr", "dragan", "zcr-discriminator", "zcr-generator", "sngan_32", "sngan_64", "sngan_96", "sngan_128"]
    assert names_meant("zcr", known) == "; did you mean 'zcr-discriminator' or 'zcr-generator'?"
    assert names_meant("sngan", known) == "; did you mean 'sngan_32' or 'sngan_64' or 'sngan_96'?"
    assert names_meant("64", known) == "; did you mean 'sngan_64'?"
    assert names_meant("dragann", known) == "; did you mean 'dragan'?"
    assert names_meant("nothing", known) == names_meant("", known) == ""
