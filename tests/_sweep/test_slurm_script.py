import re
import shlex
import subprocess
from dataclasses import replace

import pytest
from sweep_world import World

from ganzoo._sweep.slurm_script import slurm_options, slurm_script
from ganzoo._sweep.slurm_time import limit_seconds, notice_seconds
from ganzoo.errors import GanzooError


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "it's a $HOME; `pwd`")


def test_each_task_of_the_array_is_a_cell_whatever_its_words_hold(world):
    place = world.place("runs")
    cells = [replace(cell, overrides=("training.notes=a 'b' $(c) \\",)) for cell in world.cells]
    text = slurm_script(cells, place, "grid", array_size=6, options={"time": "04:00:00", "exclusive": ""})
    words = dict(re.findall(r"^(\d+)\) set -- (.*) ;;$", text, re.MULTILINE))
    assert [tuple(shlex.split(words[str(number)])) for number in range(9)] == [
        place.attempt(cell).command for cell in cells
    ]
    submitted = re.findall(r"^# Submit with: sbatch --array=0-(\d+) grid.sbatch (\d+)$", text, re.MULTILINE)
    assert [range(int(start), int(start) + int(last) + 1) for last, start in submitted] == [range(5), range(5, 9)]
    directives = re.findall(r"^#SBATCH (.*)$", text, re.MULTILINE)
    assert {"--array=0-4", "--requeue", "--signal=B:TERM@120", "--time=04:00:00", "--exclusive"} <= set(directives)
    assert f'--output="{place.folder.path}/logs/slurm-%A_%a.txt"' in directives
    assert subprocess.run(["bash", "-n"], input=text, text=True, check=False).returncode == 0
    assert "# Submit with: sbatch grid.sbatch\n" in slurm_script(cells, place, "grid", array_size=10)
    with pytest.raises(GanzooError, match="no cell is left"):
        slurm_script([], place, "grid")


def test_options_of_sbatch():
    assert slurm_options(["time=1:00", "--gres=gpu:1", "exclusive"]) == {
        "time": "1:00",
        "gres": "gpu:1",
        "exclusive": "",
    }
    for wrong in ("time = 3", "array=0-3", "-t 3", "x=\n#SBATCH --wrap=evil", "signal=KILL"):
        with pytest.raises(GanzooError, match="--slurm-option"):
            slurm_options([wrong])


@pytest.mark.parametrize(
    ("text", "seconds", "notice"),
    [
        ("90", 5400, 120),
        ("90:30", 5430, 120),
        ("4:00:00", 14_400, 120),
        ("1-12", 129_600, 120),
        ("1-00:30", 88_200, 120),
        ("1", 60, 15),
        ("0-0:0:1", 1, 1),
        ("UNLIMITED", None, 120),
    ],
)
def test_times_as_sbatch_takes_them_and_the_notice_that_they_leave_room_for(text, seconds, notice):
    assert limit_seconds(text) == seconds
    assert notice_seconds(seconds) == notice
    with pytest.raises(GanzooError, match="give a time"):
        limit_seconds(f"{text} h")
