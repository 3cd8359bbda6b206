import csv
import io
import json
import re
import subprocess
import sys
import threading

import pytest
import typer
from hostile_names import HOSTILE
from made_up_records import record, scores
from rich.console import Console
from typer.testing import CliRunner

import ganzoo
from ganzoo._cli.compare import compare
from ganzoo._leaderboard.export import to_csv, to_json
from ganzoo._leaderboard.leaderboard import leaderboards
from ganzoo._leaderboard.render import markdown, print_rich
from ganzoo._runs.record import DatasetId, write_record
from ganzoo.errors import GanzooError
from ganzoo.text import csv_cell, literal, markdown_cell

app = typer.Typer()
app.command()(compare)


def shown(comparison, width, **options):
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False, emoji=False, **options)
    print_rich(comparison, console)
    return console.file.getvalue()


def ask(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def write(root, *records):
    for each in records:
        write_record(root / each.name / "record.json", each)
    return root


def three_losses():
    published = {"published": {"fid": {"value": 30.0, "source": "A paper, Table 3"}}}
    runs = [record(seed=seed, found=scores(fid=40.0 + seed, kid=0.02 + seed / 1000)) for seed in range(3)]
    runs.append(record("dcgan_oasis_rahinge", loss="rahinge", penalties=(), found=scores(fid=41.3, kid=0.0212)))
    runs.append(
        record(
            "dcgan_oasis_wgan_gp",
            loss="wgan-gp",
            penalties=("gradient-penalty",),
            found=scores(fid=61.0, kid=0.0415),
            sections=published,
        )
    )
    runs.append(record("broken", status="diverged", message="loss is nan at 3,200 images", found=()))
    return runs


EXPECTED_80 = """\
oasis 64×64×1 · 10,000 generated vs 9,000 real images (train) ·
inception-v3-compat

 rank  recipe, loss, penalties      seeds         FID ↓        95 % FID    time
 ──────────────────────────────────────────────────────────────────────────────
  1–2  dcgan_oasis_logistic             3  41.00 ± 1.00  [38.58, 43.55]  10 min
         logistic, r1
  1–3  dcgan_oasis_rahinge              1  41.30 (0.41)                  10 min
         rahinge
  2–3  dcgan_oasis_wgan_gp              1  61.00 (0.61)                  10 min
         wgan-gp, gradient-penalty

All rows: generator dcgan, discriminator dcgan, kimg 30, M params G + D 3.57 +
2.77.
Ranked by FID; the other metrics describe. Score: the last of each run. Protocol
10000-9000-inception-v3-compat-train.
rank: the ranks that a row may hold; all of them hold together with 95 %.
Fewer than three seeds never give a definite rank; of one seed, a spread over
trainings of 8 % is assumed.
Of 3 pairs, one is better in 1, they are equivalent (less than 1.3 % apart) in
0, it is not known yet in 2: --plan says what would settle it.
Looks were not planned: read again after 3, 5 and 8 seeds, a table errs in about
12 % of cases, not 5 %; --looks 3,5,8 shares the 5 % among them.
Held equal: kimg (30), generator updates (468), hours of training (10 min).
± is the spread over trainings (standard deviation over seeds), […] the mean's
95 % interval from it.
(…) is the sampling error of one network, of drawing other images from it;
training again moves a score more.
Published FID: A paper, Table 3 († measured otherwise: its protocol is not
stated).
Not shown at this width: sampling error, published FID, KID ×10³ ↓, 95 % KID,
images/s.

Unfinished (1)
- broken-s0 — diverged at 30 kimg: loss is nan at 3,200 images
"""


def test_eighty_columns():
    found = shown(leaderboards(three_losses()), 80)
    assert [line.rstrip() for line in found.splitlines()] == EXPECTED_80.splitlines()


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160, 200])
def test_no_line_is_wider_than_the_terminal_and_numbers_stay_whole(width):
    text = shown(leaderboards(three_losses()), width)
    assert max(map(len, text.splitlines())) <= width
    assert "41.00 ± 1.00" in text


def test_no_number_of_an_option_is_broken_in_two():
    options = [{"generator_optimizer": {"learning_rate": rate}} for rate in (0.00025, 0.0031415)]
    for width in (70, 80, 90, 100):
        text = shown(leaderboards([record("a", sections={"training": each}) for each in options]), width)
        assert "0.00025" in text and "0.0031415" in text, text


def test_a_wide_terminal_shows_every_column():
    header = shown(leaderboards(three_losses()), 250).splitlines()[2]
    assert header.split("  ")[0] == "" or header.startswith(" ")
    for name in ("rank", "recipe", "generator", "discriminator", "loss", "penalties", "kimg", "seeds", "FID ↓"):
        assert name in header
    for name in ("95 % FID", "sampling error", "KID ×10³ ↓", "published FID", "images/s", "M params G + D", "time"):
        assert name in header


def test_other_datasets_do_not_repeat_what_titles_say():
    other = DatasetId(name="akoa", resolution=64, channels=1, fingerprint="cd" * 32)
    text = shown(leaderboards([record(), record("b", dataset=other, found=scores(protocol={"split": "test"}))]), 160)
    assert "oasis 64" in text and "akoa 64" in text and "differ" not in text


def test_the_winner_is_bold_only_if_it_wins():
    tied = shown(leaderboards(three_losses()), 160, force_terminal=True, color_system="standard")
    assert "\x1b[1;32m" not in tied
    won = shown(leaderboards(three_losses(), where=["loss=wgan-gp"]), 160, force_terminal=True, color_system="standard")
    assert "\x1b[1;32m" not in won  # alone, it beats nobody
    clear = [
        record(name, seed, loss=name, found=scores(fid=fid + seed / 10))
        for name, fid in (("a", 10.0), ("b", 90.0))
        for seed in range(3)
    ]
    assert "\x1b[1;32m" in shown(leaderboards(clear), 160, force_terminal=True, color_system="standard")


def test_rank_deficient_scores_carry_a_mark_and_its_meaning():
    found = scores(protocol={"generated": 500}, notes=("rank-deficient",))
    text = shown(leaderboards([record(found=found)]), 160)
    assert "40.00 (0.40)†" in text
    assert "†: rank-deficient." in text
    assert "Ranked by KID (fewer than 4,096 images on a side)" in text


def test_tables_say_in_what_they_differ():
    text = shown(leaderboards([record(), record("b", found=scores(protocol={"generated": 5000}))]), 160)
    assert "which differ in protocol.generated: 10,000 here, 5,000 there." in text
    assert "which differ in protocol.generated: 5,000 here, 10,000 there." in text


def test_sections():
    text = shown(leaderboards(three_losses(), by="loss"), 120)
    assert "loss = logistic (mean of 1)" in text


def test_thousands_of_rows_are_cut_on_a_terminal_only():
    runs = [record(f"r{index}", loss=f"l{index}", found=scores(fid=40.0 + index)) for index in range(300)]
    comparison = leaderboards(runs)
    text = shown(comparison, 160)
    assert "The first 200 of 300 rows" in text
    assert "r299" not in text
    assert len(to_csv(comparison).splitlines()) == 301
    assert "| r299 |" in markdown(comparison)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_shown_literally_in_every_format(name):
    runs = [
        record(name=name, title=name, penalties=(name,), sections={"generator": {"name": name}}, loss=name),
        record(name=name, status="failed", message=name),
    ]
    comparison = leaderboards(runs, by="loss")
    stored = comparison.tables[0].rows[0].loss
    text = shown(comparison, 600, force_terminal=True, color_system=None)
    assert text.count(literal(stored)) >= 6
    assert "\x1b" not in text
    assert all(char.isprintable() for char in text.replace("\n", ""))
    assert markdown_cell(stored) in markdown(comparison)
    assert all(char.isprintable() for char in markdown(comparison).replace("\n", ""))
    first, second = csv.DictReader(io.StringIO(to_csv(comparison)))
    assert first["generator"] == second["message"] == csv_cell(stored)
    assert json.loads(to_json(comparison))["tables"][0]["sections"][0]["rows"][0]["loss"] == stored


def test_markdown_is_one_table_of_equal_rows():
    text = markdown(leaderboards(three_losses()))
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert [len(lines) for lines in tables] == [5, 5]  # three rows, and three pairs of them
    assert [len({line.count("|") for line in lines}) for lines in tables] == [1, 1]
    assert "| 1–2 | dcgan_oasis_logistic | dcgan | dcgan | logistic | r1 | 30 | 3 | 41.00 ± 1.00 |" in text
    assert "| 1 dcgan_oasis_logistic | not known yet | 2 dcgan_oasis_rahinge | -0.746 % |" in text
    assert "## Unfinished (1)" in text


def test_csv_holds_raw_values():
    rows = list(csv.DictReader(io.StringIO(to_csv(leaderboards(three_losses())))))
    assert [row["status"] for row in rows] == ["ranked", "ranked", "ranked", "diverged"]
    assert (rows[0]["kid_mean"], rows[0]["kid_sd"], rows[0]["kid_n"]) == ("0.021", "0.001", "3") or float(
        rows[0]["kid_mean"]
    ) == pytest.approx(0.021)
    assert (rows[0]["rank_first"], rows[0]["rank_last"], rows[0]["ranked_by"]) == ("1", "2", "FID")
    assert rows[2]["fid_published"] == "30.0"


def test_json_holds_everything():
    found = json.loads(to_json(leaderboards(three_losses())))
    assert found["format"] == 5
    row = found["tables"][0]["sections"][0]["rows"][1]
    assert row["rank"] == [1, 3]
    assert row["open"] is True
    assert row["estimates"]["fid"]["sampling_error"] == pytest.approx(0.413)
    pairs = found["tables"][0]["verdict"]["pairs"]
    assert [(pair["first"], pair["second"], pair["answer"]) for pair in pairs][1] == (1, 3, "better")
    assert found["unfinished"][0]["reason"] == "loss is nan at 3,200 images"


# the command


def test_a_folder_of_runs(tmp_path):
    done = ask(write(tmp_path, *three_losses()))
    assert done.exit_code == 0
    assert "dcgan_oasis_rahinge" in done.stdout


def test_options(tmp_path):
    write(tmp_path, *three_losses())
    assert '"primary": "kid"' in ask(tmp_path, "--format", "json", "--metric", "kid").stdout
    assert "rahinge" not in ask(tmp_path, "--format", "csv", "--where", "loss=wgan-gp").stdout
    assert "loss = rahinge" in ask(tmp_path, "--by", "loss").stdout
    assert ask(tmp_path, "--format", "markdown").stdout.startswith("## oasis")


@pytest.mark.parametrize(
    "option", [("--where", "loss=none"), ("--protocol", "nothing"), ("--where", "scoring.split=x")]
)
def test_a_filter_that_matches_nothing_says_so(tmp_path, option):
    done = ask(write(tmp_path, *three_losses()), *option)
    assert isinstance(done.exception, GanzooError)
    assert done.exception.exit_code == 2
    assert re.search("no (run|score) has", str(done.exception))


def test_two_recipes_are_a_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "runs", *three_losses())
    names = ("dcgan_oasis_logistic", "dcgan_oasis_wgan_gp")
    done = ask(*names)
    assert done.exit_code == 0, done.exception
    for part in (
        "A dcgan_oasis_logistic against B dcgan_oasis_wgan_gp",
        "loss.name",
        "seed 2",
        "training time of a seed",
    ):
        assert part in done.stdout
    assert ask(*names, "--format", "markdown").stdout.startswith(f"## A {' against B '.join(names)}")
    assert json.loads(ask(*names, "--format", "json").stdout)["tables"]
    drawn = ask(*names, "--figure", "pair.png")
    assert "dcgan_oasis_logistic-s0 kept no grid of samples" in str(drawn.exception)
    assert "name two" in str(ask("runs", "--figure", "pair.png", "--draw", "samples").exception)
    assert "should end in .png or .svg or .pdf" in str(ask(*names, "--figure", "pair.jpg").exception)
    seeds = ask("runs/dcgan_oasis_logistic-s0", "runs/dcgan_oasis_logistic-s1")
    assert "are one recipe" in seeds.stderr and "Ranked by" in seeds.stdout


def test_named_runs_of_two_protocols_are_refused_but_their_folder_is_not(tmp_path):
    write(tmp_path, record("a"), record("b", found=scores(protocol={"generated": 5000})))
    done = ask(tmp_path / "a-s0", tmp_path / "b-s0")
    assert isinstance(done.exception, GanzooError)
    assert done.exception.exit_code == 3
    assert "protocol.generated" in str(done.exception)
    assert ask(tmp_path).exit_code == 0
    assert ask(tmp_path / "a-s0").exit_code == 0


def test_damaged_records_are_listed_not_fatal(tmp_path):
    write(tmp_path, record("good"), record("cut"), record("newer"))
    path = tmp_path / "cut-s0" / "record.json"
    path.write_bytes(path.read_bytes()[:100])
    (tmp_path / "newer-s0" / "record.json").write_bytes(b"\xff")
    (tmp_path / "begun-s0").mkdir()
    (tmp_path / "begun-s0" / "run.lock").touch()
    done = ask(tmp_path)
    assert done.exit_code == 0
    assert "Unreadable (3)" in done.stdout
    assert "good" in done.stdout
    found = ganzoo.compare(tmp_path / "cut-s0", where=["sweep=a"], by="loss")
    assert [run.name for run in found.unreadable] == ["cut-s0"], "which is what must be told, not that none meets it"


@pytest.mark.parametrize("where", ["none", "empty", "file"])
def test_nothing_to_compare(tmp_path, where):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    done = ask(tmp_path / where)
    assert isinstance(done.exception, GanzooError)
    assert done.exception.exit_code == 2
    assert where in str(done.exception)


def test_a_comparison_without_scores_says_what_to_do(tmp_path):
    done = ask(write(tmp_path, record("a", status="running", found=())))
    assert "no score to compare yet" in done.stdout
    assert "Unfinished (1)" in done.stdout


def test_comparing_beside_a_writer_never_fails(tmp_path):
    write(tmp_path, record("a"))
    stop = threading.Event()

    def rewrite():
        count = 0
        while not stop.is_set():
            count += 1
            write(tmp_path, record("a", images_seen=count), record(f"n{count % 5}", images_seen=count))

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(30):
            done = ask(tmp_path, "--format", "json")
            assert done.exit_code == 0
            assert json.loads(done.stdout)["unreadable"] == []
    finally:
        stop.set()
        writer.join()


def test_neither_torch_nor_the_registry_is_imported(tmp_path):
    write(tmp_path, record())
    code = (
        "import sys; from pathlib import Path; from ganzoo._cli.compare import compare; compare([Path(sys.argv[1])])\n"
        "print([name for name in ('torch', 'ganzoo._registry.registry', 'pluggy', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
