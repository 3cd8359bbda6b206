"""Penalties against values by hand: linear and quadratic critics, networks of one weight, augmentations that double."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from training_world import merged, recipe_of, trainer_of

from ganzoo import (
    Augmentation,
    ComponentOptions,
    ConfiguredPart,
    Discriminator,
    Generator,
    ImageSpec,
    PluginError,
    Role,
)
from ganzoo.errors import RecipeError
from ganzoo.testing import LinearStep
from ganzoo_losses.r1 import R1
from ganzoo_losses.r2 import R2
from ganzoo_regularizers import ganzoo_regularizers
from ganzoo_regularizers.bcr import BCR
from ganzoo_regularizers.cross_scale import CrossScaleConsistency
from ganzoo_regularizers.dragan import DRAGAN
from ganzoo_regularizers.finite_difference_r1 import FiniteDifferenceR1
from ganzoo_regularizers.finite_difference_r2 import FiniteDifferenceR2
from ganzoo_regularizers.lecam import LeCam
from ganzoo_regularizers.mode_seeking import ModeSeeking
from ganzoo_regularizers.optimal_transport import OptimalTransport
from ganzoo_regularizers.zcr import ZCRDiscriminator, ZCRGenerator


def make(cls, **options):
    return cls(cls.Options(**options))


class Inner(Discriminator):
    """Inner product with a fixed image, so that the gradient at any image is that image."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__(ComponentOptions(), ImageSpec(weight.shape[-1], weight.shape[0]))
        self.weight = torch.nn.Parameter(weight)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return (images * self.weight).sum(dim=(1, 2, 3))


class Pair(Inner):
    """Two logits per image: the inner product, and twice that."""

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        one = super().forward(images, labels)
        return torch.stack([one, 2 * one], dim=1)


class Quadratic(Discriminator):
    """Half the squared norm of the image: its gradient is the image itself."""

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return images.square().sum(dim=(1, 2, 3)) / 2


class Shaken(Augmentation):
    """Adds another number to each image at each call: compared across two calls, logits say nothing."""

    def __init__(self) -> None:
        super().__init__(ComponentOptions(), ImageSpec(4, 1))
        self.calls = 0

    def forward(self, images: Tensor) -> Tensor:
        self.calls += 1
        return images + 100 * torch.rand(len(images), 1, 1, 1)


def images_of(count: int, channels: int = 1, side: int = 4, seed: int = 0) -> Tensor:
    return torch.randn(count, channels, side, side, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("cls", "exact"), [(FiniteDifferenceR1, R1), (FiniteDifferenceR2, R2)])
@pytest.mark.parametrize("factor", [1, 2])
@pytest.mark.parametrize("critic", [Inner, Pair])
def test_finite_differences_of_a_linear_critic(cls, exact, factor, critic):
    """(w . e)^2 gamma / 2 for the noise e that was drawn; its mean is the exact penalty, also when lifted."""
    network = critic(images_of(1, seed=1)[0])
    step = LinearStep(network, images_of(3), fakes=images_of(3, seed=2), lift_factor=factor)
    torch.manual_seed(0)
    penalty = make(cls, gamma=6.0, sigma=0.1).penalty(step)
    torch.manual_seed(0)
    noise = torch.randn(3, 1, 4, 4).double() / factor
    slope = network.weight.detach() * (3 if critic is Pair else 1)  # the sum over logits, as for R1
    assert penalty.item() == pytest.approx(3.0 * (noise * slope).sum(dim=(1, 2, 3)).square().mean().item())
    many = LinearStep(network, images_of(1).expand(4_000, -1, -1, -1), fakes=images_of(1).expand(4_000, -1, -1, -1))
    many.lift_factor = factor
    found = make(cls, gamma=6.0).penalty(many).item()
    assert found == pytest.approx(make(exact, gamma=6.0).penalty(many).item(), rel=0.12)  # 5 deviations of chi^2 / n


def test_finite_differences_of_a_curved_critic_hold_the_curvature_at_large_sigma_alone():
    """D = |x|^2 / 2: the difference is sigma x.e + sigma^2 |e|^2 / 2, so the mean is |x|^2 + sigma^2 (n^2 + 2n) / 4."""
    step = LinearStep(Quadratic(None, ImageSpec(4, 1)), images_of(1).expand(4_000, -1, -1, -1))
    for sigma in (0.01, 1.0):
        expected = step.real[0].square().sum().item() + sigma**2 * (16**2 + 2 * 16) / 4
        assert make(FiniteDifferenceR1, gamma=2.0, sigma=sigma).penalty(step).item() == pytest.approx(expected, rel=0.1)


def test_finite_differences_look_at_the_augmented_images_twice_and_share_the_forward_of_the_loss():
    seen = []

    class Watching(Inner):
        def forward(self, images, labels):
            seen.append(images.detach())
            return super().forward(images, labels)

    augmentation = Shaken()
    step = LinearStep(Watching(images_of(1, seed=1)[0]), images_of(4), augmentation=augmentation)
    loss = step.real_logits.mean()
    (loss + make(FiniteDifferenceR1, sigma=0.01).penalty(step)).backward()
    assert augmentation.calls == 1 and len(seen) == 2
    assert 0 < (seen[0] - seen[1]).abs().max() < 0.06
    assert FiniteDifferenceR1.applies_to is Role.DISCRIMINATOR


class Doubling(Augmentation):
    """Twice the image."""

    name = "doubling"

    def forward(self, images: Tensor) -> Tensor:
        return 2 * images


class Scaled(Generator):
    """An image that is its latents times a weight, without classes."""

    def __init__(self, weight: float = 3.0, channels: int = 1, side: int = 2) -> None:
        super().__init__(ComponentOptions(), ImageSpec(4, channels))
        self.latent_dim = channels * side**2
        self.shape = (channels, side, side)
        self.weight = torch.nn.Parameter(torch.tensor(weight))

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.weight * latents.unflatten(1, self.shape)


class Skipping(Generator):
    """Styles are latents; images of 1, 2 and 4 pixels a side, as many as are asked for, each of one value."""

    name = "skipping"

    def __init__(self, *values: float) -> None:
        super().__init__(ComponentOptions(), ImageSpec(4, 1))
        self.latent_dim = 2
        self.values = torch.nn.ParameterList(torch.tensor(value) for value in values)

    def map(self, latents: Tensor, labels: Tensor) -> Tensor:
        return latents.unsqueeze(1)

    def synthesize(self, styles: Tensor) -> Tensor:
        return self.outputs(styles)[-1]

    def mean_w(self) -> Tensor:
        return torch.zeros(2)

    def outputs(self, styles: Tensor) -> list[Tensor]:
        return [value.expand(len(styles), 1, 2**at, 2**at) for at, value in enumerate(self.values)]

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.synthesize(self.map(latents, labels))


def by_generator(generator: Generator) -> LinearStep:
    critic = Inner(torch.ones(1, 4, 4))
    return LinearStep(critic, torch.zeros(2, 1, 4, 4), generator=generator, role=Role.GENERATOR)


def test_bcr_of_a_linear_critic_under_doubling():
    """T(x) = 2 x moves a linear logit by itself, so the penalty is the weighted sum of mean squared logits."""
    chosen = ConfiguredPart(Doubling, ComponentOptions())
    for augmentation, times in ((None, 1), (Doubling(ComponentOptions(), ImageSpec(4, 1)), 2)):
        step = LinearStep(Inner(images_of(1)[0]), images_of(3), fakes=images_of(3, seed=2), augmentation=augmentation)
        penalty = make(BCR, real_weight=3.0, fake_weight=5.0, augmentation=chosen)
        penalty.prepare(ImageSpec(4, 1), step.discriminator)
        real, fake = (times * step.discriminator(images, step.labels) for images in (step.real, step.fakes))
        expected = 3.0 * real.square().mean() + 5.0 * fake.square().mean()
        assert penalty.penalty(step).item() == pytest.approx(expected.item())


def test_zcr_of_a_linear_game():
    """G = 3 z and D = sum: logits move by 3 sum(dz), images by 3 dz; both weights by hand, and each its payer."""
    generator = Scaled()
    step = LinearStep(Inner(torch.ones(1, 2, 2)), torch.zeros(2, 1, 2, 2), generator=generator)
    torch.manual_seed(0)
    moves = 0.1 * torch.randn(2, 4)
    torch.manual_seed(0)
    found = make(ZCRDiscriminator, weight=2.0, sigma=0.1).penalty(step)
    assert found.item() == pytest.approx(2.0 * (3 * moves.sum(dim=1)).square().mean().item(), rel=1e-5)
    found.backward()
    assert generator.weight.grad is None and step.discriminator.weight.grad is not None
    torch.manual_seed(0)
    found = make(ZCRGenerator, weight=2.0, sigma=0.1).penalty(
        LinearStep(Inner(torch.ones(1, 2, 2)), torch.zeros(2, 1, 2, 2), generator=generator, role=Role.GENERATOR)
    )
    assert found.item() == pytest.approx(-2.0 * (3 * moves).square().mean().item(), rel=1e-5)
    found.backward()
    assert generator.weight.grad.item() == pytest.approx(-2.0 * 2 * 3 * moves.square().mean().item(), rel=1e-5)


@pytest.mark.parametrize("factor", [1, 2])
def test_dragan_of_linear_and_quadratic_critics(factor):
    """A linear critic's slope is the same anywhere; that of |x|^2 / 2 is the point, between real and real + std / 2."""
    critic = Inner(images_of(1)[0])
    step = LinearStep(critic, images_of(3), lift_factor=factor)
    norm = critic.weight.norm().item() / factor
    assert make(DRAGAN, weight=3.0, target=2.0).penalty(step).item() == pytest.approx(3.0 * (norm - 2) ** 2)
    seen = []

    class Watching(Quadratic):
        def forward(self, images, labels):
            seen.append(images.detach())
            return super().forward(images, labels)

    real = images_of(64, 3)
    found = make(DRAGAN, weight=1.0, target=0.0).penalty(LinearStep(Watching(None, ImageSpec(4, 3)), real))
    assert found.item() == pytest.approx(seen[0].square().sum(dim=(1, 2, 3)).mean().item())
    share = (seen[0] - real) / (0.5 * real.std(correction=0))
    assert share.min() >= 0 and share.max() <= 1 and share.mean().item() == pytest.approx(0.25, abs=0.05)
    assert len(share.amax(dim=(1, 2, 3)).unique()) == 64  # one reach per image


def test_lecam_draws_logits_to_the_running_means_of_the_others():
    """Means of reals 2 then 4, of fakes 1 then -1; with decay 0.5 these weigh 1 : 2 after the second batch."""
    ones = torch.ones(1, 1, 1)

    def step(real: list[float], fake: list[float]) -> LinearStep:
        batches = (torch.tensor(values).reshape(-1, 1, 1, 1) for values in (real, fake))
        return LinearStep(Inner(ones), next(batches), fakes=next(batches))

    both, above = make(LeCam, weight=2.0, decay=0.5, one_sided=False), make(LeCam, weight=2.0, decay=0.5)
    first = step([1.0, 3.0], [0.0, 2.0])
    assert both.penalty(first).item() == pytest.approx(2.0 * ((0 + 4) / 2 + (4 + 0) / 2))
    assert above.penalty(first).item() == pytest.approx(2.0 * ((0 + 4) / 2 + (4 + 0) / 2))
    second = step([4.0, 4.0], [-5.0, 3.0])
    of_real, of_fake = (2 + 2 * 4) / 3, (1 + 2 * -1) / 3
    expected = (4 - of_fake) ** 2 + ((-5 - of_real) ** 2 + (3 - of_real) ** 2) / 2
    assert both.penalty(second).item() == pytest.approx(2.0 * expected)
    assert above.penalty(second).item() == pytest.approx(2.0 * expected)
    third = step([-9.0], [9.0])
    assert above.penalty(third).item() == 0.0 and both.penalty(third).item() > 100
    assert set(above.state_dict()) == {"sums", "share"} and not above.sums.requires_grad


def test_mode_seeking_of_a_linear_generator():
    """G = 3 z: images are three times as far apart as latents, so the penalty is weight / 3."""
    step = by_generator(Scaled())
    found = make(ModeSeeking, weight=2.0).penalty(step)
    assert found.item() == pytest.approx(2.0 / (3 + 1e-5), rel=1e-5)
    found.backward()
    assert step.generator.weight.grad.item() == pytest.approx(-2.0 / 9, rel=1e-4)
    assert make(ModeSeeking).penalty(by_generator(Scaled(0.0))).item() == pytest.approx(1e5)  # all images are one


def test_cross_scale_consistency_holds_coarse_images_to_the_final_one():
    """Coarse values 1 and 5 under a final 2: ((1 - 2)^2 + (5 - 2)^2) / 2; the final one takes no gradient."""
    generator = Skipping(1.0, 5.0, 2.0)
    found = make(CrossScaleConsistency, weight=3.0).penalty(by_generator(generator))
    assert found.item() == pytest.approx(3.0 * (1 + 9) / 2)
    found.backward()
    assert [value.grad and value.grad.item() for value in generator.values] == pytest.approx([-3.0, 9.0, None])
    with pytest.raises(PluginError, match="'cross-scale-consistency' compares images of several resolutions"):
        make(CrossScaleConsistency).penalty(by_generator(Skipping(1.0)))


@pytest.mark.parametrize("channels", [1, 3])
def test_optimal_transport_is_the_distance_of_an_image_from_its_latents(channels):
    """G = 3 z of as many numbers: mean (3 z - z)^2; of more, what does not fill a square is left free."""
    step = by_generator(Scaled(channels=channels))
    found = make(OptimalTransport, weight=2.0).penalty(step)
    assert found.item() == pytest.approx(2.0 * (2 * step.fake_latents).square().mean().item(), rel=1e-5)

    class Wide(Scaled):
        def forward(self, latents, labels):
            image = super().forward(latents[:, : -2 * channels], labels)
            return image.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)

    generator = Wide(channels=channels)
    generator.latent_dim += 2 * channels
    step = by_generator(generator)
    found = make(OptimalTransport, weight=2.0).penalty(step)
    assert found.item() == pytest.approx(2.0 * (2 * step.fake_latents[:, : -2 * channels]).square().mean().item())


RECIPE = {
    "dataset": {"name": "phantom", "resolution": 16, "count": 12},
    "generator": {
        "name": "stylegan2",
        "latent_dim": 6,
        "style_dim": 6,
        "mapping_layers": 1,
        "channel_base": 64,
        "channel_max": 4,
    },
    "discriminator": {"name": "stylegan2", "channel_base": 64, "channel_max": 4},
    "loss": {"name": "logistic"},
    "augmentation": {"name": "diffaugment"},
    "training": {"total_kimg": 0.008, "batch_size": 4},
}


def test_all_of_them_train_together_eagerly_and_lazily_and_are_refused_with_reasons():
    names = [cls.name for cls in ganzoo_regularizers()]
    eager = [{"name": name, "every": 1 + (index % 2)} for index, name in enumerate(names)]
    trainer = trainer_of(merged(RECIPE, {"regularizers": eager}))
    reports = []
    trainer.callbacks.append(type("Note", (), {"on_step_end": lambda self, trainer, report: reports.append(report)})())
    trainer.run()
    told = {key.split("/")[-1] for report in reports for key in report}
    assert set(names) <= told and len(reports) == 2
    dcgan = {"name": "dcgan", "width": 4, "latent_dim": 2}
    color = RECIPE | {"generator": dcgan, "dataset": {"name": "folder", "root": ".", "resolution": 16}}
    batch = {"name": "dcgan", "width": 4, "normalization": "batch"}
    for changed, name, reason in (
        ({"generator": dcgan}, "cross-scale-consistency", "needs a SkipStyled generator, which 'dcgan' is not"),
        (color, "optimal-transport", "latents out as 3 channels, and these have 2 numbers"),
        ({"discriminator": batch}, "dragan", "normalization"),
        (
            {"training": {"total_kimg": 0.008, "batch_size": 4, "micro_batch": 2}},
            "lecam",
            "'lecam' depends on the other",
        ),
        ({}, {"name": "bcr", "augmentation": "nope"}, "'nope'"),
        (
            {},
            {"name": "bcr", "augmentation": {"name": "ada", "p": {"from": 0, "to": 1, "kimg": 1}}},
            "no schedule is followed",
        ),
        ({}, {"name": "bcr", "augmentation": "apa"}, "augmentation: 'apa' replaces reals"),
        *(
            ({}, {"name": "bcr", "augmentation": still}, "changes no image with these options")
            for still in (
                "ada",
                {"name": "ada", "p": 0},
                {"name": "instance-noise", "sigma": 0},
                {"name": "diffaugment", "policy": ["translation"], "translation_range": 0},
                {"name": "diffaugment", "policy": ["cutout"], "cutout_size": 0},
            )
        ),
    ):
        penalty = name if isinstance(name, dict) else {"name": name}
        with pytest.raises(RecipeError, match=reason):
            recipe_of(RECIPE | changed | {"regularizers": [penalty]})


@pytest.mark.parametrize("moves", [{"name": "ada", "p": 0.5}, {"name": "ada", "initial_p": 0.5}, "instance-noise"])
def test_bcr_takes_what_changes_images_by_itself(moves):
    recipe_of(RECIPE | {"regularizers": [{"name": "bcr", "augmentation": moves}]})
