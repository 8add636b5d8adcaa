"""Adam, as every game of the course uses it: PyTorch's kernel with less around it."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn, optim


class Memory(NamedTuple):
    """What `update` needs to know of a group of parameters beside their gradient.

    The corrections are the rates, and the scales of the deviations, that make up in the coming step for moments which
    started at 0, one of each per parameter. They are a tensor, so that a compiled graph outlives their change, and come
    ready made, because a compiler would compute the powers in them anew for every few numbers of a network.
    """

    params: list[Tensor]
    steps: Tensor
    means: list[Tensor]
    squares: list[Tensor]
    corrections: Tensor
    betas: tuple[float, float]
    eps: float


class Adam(optim.Adam):
    r"""Adam (Kingma and Ba, 2015, algorithm 1), one kernel call per step and little around it.

    PyTorch's own fused kernel. On networks as small as this course's, what ``optim.Adam.step`` does before it gets
    there (hooks, grouping, profiling) takes longer than the update, so `step` goes straight to the kernel. State,
    checkpoints and learning-rate schedules are those of ``optim.Adam``, and so are the numbers.

    Arguments:
        lr: The learning rate.
        betas: Decay of the two moments. The default, (0, 0.99), suits adversarial games, whose gradients turn.
    """

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
        for group in self.param_groups:
            moving = [p for p in group["params"] if p.grad is not None]
            if not moving:
                continue
            states = [self.state[p] or self._start(p) for p in moving]
            _together(states).add_(1)
            torch._fused_adam_(  # pyright: ignore[reportPrivateImportUsage]
                moving,
                [p.grad for p in moving],
                [state["exp_avg"] for state in states],
                [state["exp_avg_sq"] for state in states],
                [],
                [state["step"] for state in states],
                lr=group["lr"],
                beta1=group["betas"][0],
                beta2=group["betas"][1],
                weight_decay=0.0,
                eps=group["eps"],
                amsgrad=False,
                maximize=False,
            )

    step.hooked = True  # type: ignore[attr-defined]  # else PyTorch wraps it in a profiler range, 50 µs a step

    def memory(self) -> list[Memory]:
        """What `update` needs, group by group."""
        memories = []
        for group in self.param_groups:
            states = [self.state[p] or self._start(p) for p in group["params"]]
            steps, (beta1, beta2) = _together(states), group["betas"]
            coming = [k + 1 for k in steps.tolist()]
            corrections = torch.tensor(
                [
                    [group["lr"] / (1 - beta1**k) for k in coming],
                    [math.sqrt(1 - beta2**k) for k in coming],
                ],
                dtype=torch.float64,
            )
            means, squares = ([state[name] for state in states] for name in ("exp_avg", "exp_avg_sq"))
            memories.append(Memory(group["params"], steps, means, squares, corrections, group["betas"], group["eps"]))
        return memories

    def _start(self, p: Tensor) -> dict[str, Tensor]:
        state = self.state[p]
        state["step"] = torch.zeros((), dtype=torch.float32, device=p.device)
        state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(p), torch.zeros_like(p)
        return state


@torch.no_grad()
def update(memory: Memory, gradient: Sequence[Tensor]) -> None:
    """Do what `Adam.step` does, in tensor operations that a compiled graph can hold."""
    beta1, beta2 = memory.betas
    memory.steps.add_(1)
    for k, (p, slope) in enumerate(zip(memory.params, gradient, strict=True)):
        mean, square = memory.means[k], memory.squares[k]
        mean.lerp_(slope, 1 - beta1)
        square.lerp_(slope.square(), 1 - beta2)
        rate, scale = memory.corrections[:, k]
        p.sub_(rate * mean / (square.sqrt() / scale + memory.eps))


def _together(states: list[dict[str, Tensor]]) -> Tensor:
    """The numbers of steps of these states as one tensor, of which each state holds a view: one addition counts all."""
    steps = [state["step"] for state in states]
    count = steps[0]._base
    if count is None or len(count) != len(steps) or any(step._base is not count for step in steps):
        count = torch.stack(steps)  # the first step, or one after a checkpoint was loaded
        for state, step in zip(states, count.unbind(), strict=True):
            state["step"] = step
    return count
