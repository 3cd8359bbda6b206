"""Which format a root has: by content, by name, by what it was said to be; and what is said where that is not one."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import Field

from ganzoo import ComponentOptions, DataError, Entry, PluginError, Source
from ganzoo.data import SourceOptions, open_source


class Marked(Source):
    """Files that begin with a mark, at any depth."""

    name = "marked"
    suffixes = (".mark",)
    reads_trees = True

    @classmethod
    def recognizes(cls, file):
        return file.start.startswith(b"MARK")

    def entries(self):
        return [Entry("only", "1")]

    def picture(self, key):
        return np.zeros((4, 4), np.uint8)


class Rival(Marked):
    """The same files."""

    name = "rival"


class Lesser(Marked):
    """The same files, if no other format has them."""

    name = "lesser"
    precedence = -1


class Shelf(Marked):
    """A folder with an index."""

    name = "shelf"
    takes_files = False
    reads_trees = False
    suffixes = ()

    @classmethod
    def recognizes_folder(cls, names):
        return "index.shelf" in names


class Crate(Marked):
    """One file that holds all."""

    name = "crate"
    suffixes = (".crate",)
    takes_folders = False
    reads_trees = False

    @classmethod
    def recognizes(cls, file):
        return file.start.startswith(b"CRATE")


class ScaleOptions(ComponentOptions):
    """A scale."""

    scale: int = Field(default=1, ge=1, description="Factor.")


class Scaled(Marked):
    """With an option of its own."""

    name = "scaled"
    Options = ScaleOptions


def opened(root, *classes, **options):
    return open_source(SourceOptions(root=root, **options), {f"acme:{cls.name}": cls for cls in classes})


def files(root, **contents):
    root.mkdir(exist_ok=True)
    for name, content in contents.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return root


def test_a_file_is_judged_by_its_content_before_its_name(tmp_path):
    root = files(tmp_path, a_mark=b"CRATE", b=b"MARK", c_mark=b"??", d_txt=b"??")
    for name, cls in (("a.mark", Crate), ("b", Marked), ("c.mark", Marked)):
        source = opened(root / name, Marked, Crate)
        assert type(source) is cls and source.root == root / name
    with pytest.raises(DataError, match=r"d\.txt: is a file of no source format that is installed \(crate, marked\)"):
        opened(root / "d.txt", Marked, Crate)


def test_a_folder_is_judged_by_its_index_before_the_files_below_it(tmp_path):
    root = files(tmp_path, deep__a_mark=b"", index_shelf=b"")
    assert type(opened(root, Marked, Shelf)) is Shelf
    (root / "index.shelf").unlink()
    assert type(opened(root, Marked, Shelf)) is Marked


def test_two_formats_that_claim_one_root_are_both_named_and_refused(tmp_path):
    root = files(tmp_path, a_mark=b"MARK")
    for where in (root, root / "a.mark"):
        with pytest.raises(DataError, match=r"several source formats, 'acme:marked' and 'acme:rival'.*dataset\.source"):
            opened(where, Marked, Rival)
        assert type(opened(where, Marked, Rival, source="rival")) is Rival


def test_of_formats_in_one_folder_the_higher_precedence_is_meant(tmp_path):
    root = files(tmp_path, a_mark=b"MARK")
    assert type(opened(root, Lesser, Marked)) is type(opened(root, Marked, Lesser)) is Marked
    assert type(opened(root, Lesser)) is Lesser


def test_one_file_that_holds_all_is_found_in_its_folder(tmp_path):
    root = files(tmp_path, a_crate=b"CRATE", b_txt=b"")
    assert opened(root, Marked, Crate).root == root / "a.crate"
    files(tmp_path, b_crate=b"CRATE")
    assert opened(root, Marked, Crate).entries() == []  # which of two cannot be known


def test_a_folder_of_no_format_says_what_lies_there_and_what_is_known(tmp_path):
    source = opened(files(tmp_path, a_txt=b"", b_txt=b"", c_md=b""), Marked, Crate)
    assert source.entries() == []
    assert source.found() == "2 .txt, 1 .md; none is of an installed source format (crate, marked)"
    (tmp_path / "x.dcm.gz").write_bytes(b"")
    for root in (tmp_path, tmp_path / "x.dcm.gz"):
        with pytest.raises(DataError, match=r"end with \.dcm\.gz are read unpacked: unpack them") as error:
            raise DataError(opened(root, Marked, Crate).found())
        assert "crate, marked" in str(error.value)


def test_a_format_that_is_not_there_is_named_with_the_nearest(tmp_path):
    with pytest.raises(DataError, match=r"no source format 'markd'; did you mean 'marked'\? \(installed: crate, mark"):
        opened(tmp_path, Marked, Crate, source="markd")
    with pytest.raises(DataError, match="there is no source format"):
        opened(tmp_path)


def test_two_formats_of_one_name_are_told_apart_by_their_distributions(tmp_path):
    class Namesake(Marked):
        """Of another distribution."""

    formats = {"acme:marked": Marked, "other:marked": Namesake}
    root = files(tmp_path, a_mark=b"MARK")
    with pytest.raises(DataError, match="may be 'acme:marked' and 'other:marked'"):
        open_source(SourceOptions(root=root, source="marked"), formats)
    assert type(open_source(SourceOptions(root=root, source="other:marked"), formats)) is Namesake


def test_a_stated_format_must_fit_a_file_or_a_folder(tmp_path):
    root = files(tmp_path, a_mark=b"")
    with pytest.raises(DataError, match=r"is a folder, not a file, as dataset\.source = 'crate' needs"):
        opened(root, Crate, source="crate")
    with pytest.raises(DataError, match=r"a\.mark is not a folder, as dataset\.source = 'shelf' needs"):
        opened(root / "a.mark", Shelf, source="shelf")


def test_a_format_has_options_of_its_own(tmp_path):
    root = files(tmp_path, a_mark=b"MARK")
    assert opened(root, Scaled).options == ScaleOptions(scale=1)
    assert opened(root, Scaled, source={"name": "scaled", "scale": 3}).options == ScaleOptions(scale=3)
    with pytest.raises(DataError, match=r"dataset\.source\.scale: .*greater than or equal to 1"):
        opened(root, Scaled, source={"name": "scaled", "scale": 0})


def test_a_format_that_fails_to_judge_is_named(tmp_path):
    class Broken(Marked):
        """Broken."""

        name = "broken"

        @classmethod
        def recognizes(cls, file):
            return file.start[10] == 3

    root = files(tmp_path, a=b"")
    for where in (root, root / "a"):
        with pytest.raises(PluginError, match=r"'acme:broken' fails to judge what it sees: IndexError.*fix or remove"):
            opened(where, Broken, Marked)
