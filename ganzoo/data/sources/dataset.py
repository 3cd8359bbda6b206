"""Dataset base: images from any source format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from typing_extensions import TypeVar

from ganzoo.contracts.component import PixelArray
from ganzoo.contracts.datasets import ImageDataset, Item
from ganzoo.contracts.entries import Entry
from ganzoo.contracts.source_options import SourceOptions
from ganzoo.contracts.sources import Source
from ganzoo.data.images.decode import reading
from ganzoo.data.images.original import Original
from ganzoo.data.sources.detect import Formats, open_source
from ganzoo.data.sources.reading import read_entry
from ganzoo.errors import DataError
from ganzoo.text import literal

SourceOptionsT = TypeVar("SourceOptionsT", bound=SourceOptions, default=Any)


class SourceDataset(ImageDataset[SourceOptionsT]):
    """A dataset whose `Options` are `SourceOptions`; subclasses say in `items` what each entry means.

    Attributes:
        expected: The layout that is looked for, for the message that it is not there.
        formats: The source formats that it may open, by `distribution:name`. The maker of the dataset sets them (see
            `build_dataset`), in the processes that prepare images too: a dataset never looks for plugins.
    """

    Options: ClassVar[type[SourceOptions]] = SourceOptions

    expected: ClassVar[str] = ""

    def __init__(self, options: SourceOptionsT) -> None:
        super().__init__(options)
        self.formats: Formats = {}
        self._source: Source[Any] | None = None
        self.last_original: Original | None = None  # of the image that was loaded last
        self._listed = 0

    @property
    def source(self) -> Source[Any]:
        """The source, opened when it is first asked for. Raises DataError with `where_to_get`."""
        if self._source is None:
            try:
                self._source = open_source(self.options, self.formats)
            except DataError as error:
                raise DataError(f"{error}. {self._help('Expected there')}") from error
        return self._source

    def entries(self) -> Sequence[Entry]:
        """List what the source holds. Raises DataError."""
        with reading(literal(str(self.options.root))):  # a name in a damaged file can be one that no file may have
            entries = self.source.entries()
        self._listed = len(entries)
        return entries

    def left_out(self, used: int) -> list[str]:
        """Say what of the source is not used, by counts; after `items`, whose number is `used`."""
        lines = [text] if (text := self.source.left_out()) else []
        if unused := self._listed - used:
            lines.append(f"{unused:,} of {self._listed:,} images, by their names or by the options")
        return lines

    def subject_advice(self) -> str:
        """Say what may be wrong with the subjects of what was listed, and what would do; empty for nothing."""
        return self.source.subject_advice()

    def items_with_subjects(self, entries: Sequence[Entry]) -> Sequence[Item]:
        """Return items of medical images without names. Raises DataError where the source states no subjects."""
        if not all(entry.subject for entry in entries):
            raise DataError(
                f"{str(self.options.root)!r} does not say which images show the same person, and these must not fall "
                "into two splits: add an array 'subjects' with a number for each image (NAME.subjects.npy beside "
                "NAME.npy), or set dataset.per_subject to the number of images that each person has in a row"
            )
        return [item_of(entry, subject=entry.subject, split=entry.split) for entry in entries]

    def nothing_found(self, what: str, found: str = "") -> str:
        """Return the message that a source holds nothing of use, and what it holds instead, by counts only.

        Args:
            what: Such as `no images`.
            found: What the dataset knows of it, before what the source says.
        """
        root = str(self.options.root)
        there = f"{found}{self.source.found()}"
        return f"{what} in {root!r} (dataset.root). {self._help('Expected', f'Found: {there}. ')}"

    def _help(self, expected: str, found: str = "") -> str:
        layout = f"{expected}: {self.expected}. " if self.expected else ""
        command = f"ganzoo data prepare {self.name} --source PATH --resolution {self.options.resolution} --out PACK"
        return f"{layout}{found}{self.where_to_get} To prepare images of another place: {command}"

    def load(self, item: Item) -> PixelArray:
        channels = type(self).spec_of(self.options).channels
        return read_entry(self.source, item.key, self.options.rule(channels), self._note)

    def _note(self, original: Original) -> None:
        self.last_original = original


def item_of(entry: Entry, *, subject: str = "", label: int | None = None, split: str | None = None) -> Item:
    """Return the item of an entry, with what a dataset knows about it."""
    return Item(
        key=entry.key,
        subject=subject,
        label=label,
        split=split,
        fingerprint=entry.fingerprint,
        together=entry.together,
    )


def build_dataset(cls: type[ImageDataset], options: Any, formats: Formats) -> ImageDataset:
    """Return a dataset with its options and, where it reads sources, the formats that it may open.

    Args:
        cls: The dataset.
        options: Its validated options.
        formats: Source formats by `distribution:name`.
    """
    dataset = cls(options)
    if isinstance(dataset, SourceDataset):
        dataset.formats = formats
    return dataset


def subject_advice(dataset: ImageDataset) -> str:
    """Return what a dataset says of its subjects; nothing where it reads no sources."""
    return dataset.subject_advice() if isinstance(dataset, SourceDataset) else ""


def formats_of(dataset: ImageDataset) -> Formats:
    """Return the source formats that a dataset may open; none where it reads no sources."""
    return dataset.formats if isinstance(dataset, SourceDataset) else {}
