"""Adam, as every game of the course uses it: PyTorch's kernel with less around it."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn, optim


class Memory(NamedTuple):
    """What Adam remembers of a group of parameters, in the lists that its kernel takes.

    The counts are views of ``steps``, which has one number per parameter: one addition counts for all.
    """

    params: list[Tensor]
    means: list[Tensor]
    squares: list[Tensor]
    counts: list[Tensor]
    steps: Tensor


class Adam(optim.Adam):
    r"""Adam (Kingma and Ba, 2015, algorithm 1), one kernel call per step and little around it.

    PyTorch's own fused kernel. On networks as small as this course's, what ``optim.Adam.step`` does before it gets
    there (hooks, grouping, profiling) takes longer than the update, so `step` goes straight to the kernel. State,
    checkpoints and learning-rate schedules are those of ``optim.Adam``, and so are the numbers.

    Arguments:
        lr: The learning rate.
        betas: Decay of the two moments. The default, (0, 0.99), suits adversarial games, whose gradients turn.
    """

    # Of what, and how much of it, the lists of `memories` were made; a copy of the optimizer starts from these.
    _of: object = None
    _sizes = (0, 0)
    _memories: Sequence[Memory] = ()

    def __init__(
        self,
        params: Iterable[nn.Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.0, 0.99),
        eps: float = 1e-8,
    ):
        super().__init__(params, lr=lr, betas=(float(betas[0]), float(betas[1])), eps=eps, fused=True)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        if closure is not None:
            raise TypeError("this Adam takes no closure: compute the loss and its gradient before the step.")
        for group, memory in zip(self.param_groups, self.memories(), strict=True):
            gradients = [p.grad for p in memory.params]
            moving = [k for k, gradient in enumerate(gradients) if gradient is not None]
            if not moving:
                continue
            lists: Any = memory.params, gradients, memory.means, memory.squares, [], memory.counts
            if len(moving) == len(gradients):
                memory.steps.add_(1)
            else:
                memory.steps[moving] += 1
                lists = tuple([part[k] for k in moving if part] for part in lists)
            torch._fused_adam_(  # pyright: ignore[reportPrivateImportUsage]
                *lists,
                lr=group["lr"],
                beta1=group["betas"][0],
                beta2=group["betas"][1],
                weight_decay=0.0,
                eps=group["eps"],
                amsgrad=False,
                maximize=False,
            )

    step.hooked = True  # type: ignore[attr-defined]  # else PyTorch wraps it in a profiler range, 50 µs a step

    def memories(self) -> Sequence[Memory]:
        """What is remembered of each group: gathered once, and again when the state was loaded or emptied."""
        if self._of is not self.state or self._sizes != (len(self.state), len(self.param_groups)):
            self._memories = [self._gather(group["params"]) for group in self.param_groups]
            self._of, self._sizes = self.state, (len(self.state), len(self.param_groups))
        return self._memories

    def _gather(self, params: list[Tensor]) -> Memory:
        for p in params:
            if not self.state[p]:
                zero = torch.zeros((), dtype=torch.float32, device=p.device)
                self.state[p] = {"step": zero, "exp_avg": torch.zeros_like(p), "exp_avg_sq": torch.zeros_like(p)}
        states = [self.state[p] for p in params]
        steps = torch.stack([state["step"] for state in states])
        counts = list(steps.unbind())
        for state, count in zip(states, counts, strict=True):
            state["step"] = count
        means, squares = ([state[name] for state in states] for name in ("exp_avg", "exp_avg_sq"))
        return Memory(params, means, squares, counts, steps)


def coefficients(group: dict[str, Any], memory: Memory) -> Tensor:
    """Five numbers per parameter that the coming step takes, shape (5, n).

    The rate that multiplies the mean and the scale that divides the deviation, which make up for moments that started
    at 0; the two decays; and epsilon. A compiled graph takes them as an input: it outlives their change.
    """
    beta1, beta2 = group["betas"]
    coming = [k + 1 for k in memory.steps.tolist()]
    rates, scales = [group["lr"] / (1 - beta1**k) for k in coming], [math.sqrt(1 - beta2**k) for k in coming]
    same = ([number] * len(coming) for number in (beta1, beta2, group["eps"]))
    return torch.tensor([rates, scales, *same], dtype=torch.float64)


@torch.no_grad()
def update(memory: Memory, coefficients: Tensor, gradients: Sequence[Tensor], wanted: Tensor) -> None:
    """Do what `Adam.step` does, in tensor operations that a compiled graph can hold; nothing where not ``wanted``."""
    memory.steps.add_(wanted)
    for k, gradient in enumerate(gradients):
        rate, scale, beta1, beta2, eps = coefficients[:, k]
        p, mean, square = memory.params[k], memory.means[k], memory.squares[k]
        new_mean = beta1 * mean + (1 - beta1) * gradient
        new_square = beta2 * square + (1 - beta2) * gradient.square()
        new = p - rate * new_mean / (new_square.sqrt() / scale + eps)
        for old, value in ((mean, new_mean), (square, new_square), (p, new)):
            old.copy_(torch.where(wanted, value, old))
