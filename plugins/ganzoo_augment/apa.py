"""APA: adaptive pseudo augmentation."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor

from ganzoo import Augmentation, Chooses, ChosenPart, ImageSpec, RecipeContext, ReplacesReals, build_chosen
from ganzoo_augment.adaptive import AdaptiveAugmentation, AdaptiveOptions


class APAOptions(AdaptiveOptions):
    """How often, and what images pass besides; the defaults are the authors'."""

    # 0.6, 500 kimg and 4 batches in the authors' train.py and training_loop.py, as in ADA's.
    then: Annotated[ChosenPart[Augmentation] | None, Chooses("augmentation")] = Field(
        default=None,
        description="A further augmentation that all images pass, by name or as a table with its options. Its "
        "numbers stay as they are: nothing adapts it, and schedules are refused.",
    )


class APA(AdaptiveAugmentation[APAOptions]):
    """Generated images in the place of some reals, as often as the discriminator overfits.

    In the discriminator's step each real is replaced with probability p by an image that the generator makes for the
    same label, and shown as a real: the critic is deceived about what is real, and so cannot know few images by heart.
    p adapts as ADA's does. Images themselves are left as they are, so nothing leaks, and MRI is safe. R1 sees the mixed
    reals, as in the authors' code; penalties between reals and fakes see the reals themselves. With losses that fix
    only differences of logits (relativistic, Wasserstein) the sign of a logit means little: set `p` for them.

    The authors show other fakes of the last generator's step, whatever their labels.

    Paper: Jiang et al., arXiv:2111.06849, section 3.
    """

    name = "apa"

    Options = APAOptions

    def __init__(self, options: APAOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.then = None if options.then is None else build_chosen(options.then, images)

    @classmethod
    def depends_on_batch(cls, options: APAOptions) -> bool:
        return options.then is not None and options.then.cls.depends_on_batch(options.then.options)

    @classmethod
    def incompatibility(cls, options: APAOptions, context: RecipeContext) -> str | None:
        if options.then is None:
            return None
        if issubclass(options.then.cls, ReplacesReals):
            return f"then: '{options.then.cls.name}' replaces reals too; choose another augmentation, or none"
        if not options.then.cls.acts_unobserved(options.then.options):
            return (
                f"then: '{options.then.cls.name}' changes no image with these options, and nothing adapts it here: "
                "give it a fixed strength, or leave it out"
            )
        return options.then.cls.incompatibility(options.then.options, context)

    def replaced_share(self) -> float:
        """See `ReplacesReals.replaced_share`."""
        return min(self.present_p(), 1.0)

    def forward(self, images: Tensor) -> Tensor:
        self.present_p()  # so that the log has what a schedule says
        return images if self.then is None else self.then(images)
