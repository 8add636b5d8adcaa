"""Networks of the course: perceptrons, a convolutional pair for 28×28 pictures, and ways to tell them a label.

Pixels are in [0, 1]: generators of pictures end in a sigmoid. Discriminators return scores of shape (n, 1), never
probabilities. Layers stay plain PyTorch, so a trained network can be taken apart with the tools a student knows.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized


def mlp(
    sizes: Sequence[int],
    *,
    activation: Callable[[], nn.Module] = lambda: nn.LeakyReLU(0.2),
    final: nn.Module | None = None,
    spectral: bool = False,
) -> nn.Sequential:
    """A multilayer perceptron (n, sizes[0]) → (n, sizes[-1]); no activation after the last layer unless ``final``.

    >>> mlp([16, 128, 2])
    Sequential(
      (0): Linear(in_features=16, out_features=128, bias=True)
      (1): LeakyReLU(negative_slope=0.2)
      (2): Linear(in_features=128, out_features=2, bias=True)
    )
    """
    if len(sizes) < 2:
        raise ValueError(f"an mlp needs at least the sizes of its input and its output, not {list(sizes)}.")
    layers: list[nn.Module] = []
    for n_in, n_out in zip(sizes, sizes[1:], strict=False):
        layer = nn.Linear(n_in, n_out)
        layers += [spectral_norm(layer) if spectral else layer, activation()]
    return nn.Sequential(*layers[:-1], *([] if final is None else [final]))


class Generator28(nn.Module):
    """Latent codes (n, latent_dim) → pictures (n, 1, 28, 28) in [0, 1], as a DCGAN (Radford et al., 2016).

    A linear layer to 7×7 and two transposed convolutions, batch norm and ReLU between them. The end is a sigmoid where
    the paper has tanh, because pixels are in [0, 1] here.
    """

    def __init__(self, latent_dim: int, *, width: int = 16, batch_norm: bool = True):
        super().__init__()
        self.latent_dim = latent_dim
        self.net = nn.Sequential(
            nn.Linear(latent_dim, 2 * width * 49),
            nn.Unflatten(1, (2 * width, 7, 7)),
            *_norm(2 * width, batch_norm),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1),  # 14×14
            *_norm(width, batch_norm),
            nn.ReLU(),
            nn.ConvTranspose2d(width, 1, 4, stride=2, padding=1),  # 28×28
            nn.Sigmoid(),
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.net(z)


class Discriminator28(nn.Module):
    """Pictures (n, 1, 28, 28) → scores (n, 1): two strided convolutions and a linear layer (Radford et al., 2016).

    Without batch norm unless asked for: then no layer mixes samples, and real and fake may pass together. ``trunk``
    ends in ``features`` numbers per picture, on which other heads can sit (InfoGAN's Q, a projection).
    """

    def __init__(self, *, width: int = 16, batch_norm: bool = False, spectral: bool = False):
        super().__init__()
        wrap = spectral_norm if spectral else _as_is
        self.features = 2 * width * 49
        self.trunk = nn.Sequential(
            wrap(nn.Conv2d(1, width, 4, stride=2, padding=1)),  # 14×14
            nn.LeakyReLU(0.2),
            wrap(nn.Conv2d(width, 2 * width, 4, stride=2, padding=1)),  # 7×7
            *_norm(2 * width, batch_norm),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
        )
        self.head = wrap(nn.Linear(self.features, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.trunk(x))


class Head(nn.Module):
    """Another reading of the features that a network's trunk computes: x → head(trunk(x))."""

    def __init__(self, trunk: nn.Module, head: nn.Module):
        super().__init__()
        self.trunk, self.head = trunk, head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.trunk(x))


class InstanceNoise(nn.Module):
    r"""Add Gaussian noise, real or fake pictures alike, (n, …) → (n, …): a judge's first layer (Sønderby et al., 2017).

    .. math:: x + \sigma\varepsilon, \qquad \varepsilon \sim \mathcal N(0, I)

    Arguments:
        sigma: Standard deviation in units of x, also an attribute: lower it while the game goes on, to 0, no noise.
    """

    def __init__(self, sigma: float = 0.5):
        super().__init__()
        self.sigma = sigma

    def forward(self, x: Tensor) -> Tensor:
        return x + self.sigma * torch.randn_like(x) if self.sigma else x


class Conditional(nn.Module):
    """Tell a network the label by changing its input: (x, y) → net(join(x, y)).

    ``join`` is a function, such as one that appends a one-hot label, or a module such as `Embed`.
    """

    def __init__(self, net: nn.Module, join: Callable[[Tensor, Tensor], Tensor]):
        super().__init__()
        self.net, self.join = net, join

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.net(self.join(x, y))


class Embed(nn.Module):
    """Append a learned embedding of the label: (n, c, …) and (n,) → (n, c + shape[0], …).

    Arguments:
        shape: Of one embedding: ``(8,)`` beside latent codes, ``(1, 28, 28)``, one more channel, beside pictures.
    """

    def __init__(self, n_classes: int, shape: tuple[int, ...]):
        super().__init__()
        self.shape = shape
        self.table = nn.Embedding(n_classes, torch.Size(shape).numel())

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return torch.cat([x, self.table(y).view(len(y), *self.shape)], dim=1)


class Projection(nn.Module):
    r"""A discriminator that is told the label at its top, (x, y) → (n, 1) (Miyato and Koyama, 2018, eq. 3).

    The formula is handed in, as losses are: it combines what the trunk φ and the head ψ say about x with a learned
    table of vectors, one for each label.

    Arguments:
        D: A discriminator with a ``trunk`` φ and a ``head`` ψ, one linear layer.
        logits: (features (n, f), labels (n,), vectors (n_classes, f), head's scores (n, 1)) → (n, 1).

    Raises:
        TypeError: when the head is not one linear layer.
    """

    def __init__(
        self,
        D: Discriminator28 | Head,
        n_classes: int,
        logits: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor],
    ):
        super().__init__()
        if not isinstance(D.head, nn.Linear):
            raise TypeError(f"a projection sits beside a linear head, not beside a {type(D.head).__name__}.")
        self.trunk, self.head, self.logits = D.trunk, D.head, logits
        features = D.head.in_features
        self.table = nn.Embedding(n_classes, features)
        nn.init.normal_(self.table.weight, std=features**-0.5)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        features = self.trunk(x)
        return self.logits(features, y, self.table.weight, self.head(features))


def channels_last(net: nn.Module) -> nn.Module:
    """Let a convolutional network keep the channels of a pixel side by side, and return it.

    On a CPU most convolutions are faster in this order, and so is a training step of the pair for 28×28 (see
    ``benchmarks/steps.py``). Shapes and parameters stay the same, and so does the function, but for rounding. What
    reads a weight with ``view`` must use ``reshape``.
    """
    for part in net.modules():
        if isinstance(part, nn.Unflatten):  # where vectors become pictures; all that follows keeps the order
            part.register_forward_hook(_reordered)
    return net.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def _reordered(part: nn.Module, inputs: tuple[Tensor, ...], pictures: Tensor) -> Tensor:
    return pictures.contiguous(memory_format=torch.channels_last)


_ALONE = {
    *(nn.Identity, nn.Sequential, nn.Linear, nn.Embedding, nn.Flatten, nn.Unflatten, nn.LayerNorm, nn.GroupNorm),
    *(nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d),
    *(nn.AvgPool2d, nn.MaxPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.Upsample, nn.PixelShuffle),
    *(
        nn.InstanceNorm1d,
        nn.InstanceNorm2d,
        nn.InstanceNorm3d,
        nn.Dropout,
        nn.Dropout2d,
        nn.ZeroPad2d,
        nn.ReflectionPad2d,
    ),
    *(nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Softplus, nn.Softsign),
    *(nn.Sigmoid, nn.LogSigmoid, nn.Tanh, nn.Hardtanh, nn.ReLU6, nn.Softmax, nn.LogSoftmax, nn.Softmin),
    *(Generator28, Discriminator28, Head, InstanceNoise, Embed, Conditional),
}


def per_sample(module: nn.Module) -> bool:
    """Whether the network surely treats every sample of a batch alone: only layers of a list, as they come, do.

    Others could do anything, such as a module or a function written in a lesson, batch norm, a softmax over the batch
    or a layer with a hook: they are not sure.
    """
    kind = type(module).__base__ if is_parametrized(module) else type(module)  # spectral norm makes a class of its own
    if kind not in _ALONE or "forward" in vars(module) or getattr(module, "track_running_stats", False):
        return False
    if isinstance(module, Conditional) and not isinstance(module.join, nn.Module):
        return False
    dims = [getattr(module, name, 1) for name in ("dim", "start_dim")]
    if not all(dim == -1 or (dim is not None and dim >= 1) for dim in dims):
        return False
    if module._forward_pre_hooks or module._backward_pre_hooks or module._backward_hooks:
        return False
    if any(hook is not _reordered for hook in module._forward_hooks.values()):
        return False
    # A parametrization makes weights from weights, and sees no sample.
    return all(per_sample(part) for name, part in module.named_children() if name != "parametrizations")


def _norm(channels: int, wanted: bool) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels)] if wanted else []


def _as_is(layer: nn.Module) -> nn.Module:
    return layer
