"""Adam, as every game of the course uses it: PyTorch's kernel with less around it."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn, optim


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
            states = [self.state[p] or self._start(p) for p in moving]
            steps = [state["step"] for state in states]
            torch._foreach_add_(steps, 1)  # pyright: ignore[reportPrivateImportUsage]
            torch._fused_adam_(  # pyright: ignore[reportPrivateImportUsage]
                moving,
                [p.grad for p in moving],
                [state["exp_avg"] for state in states],
                [state["exp_avg_sq"] for state in states],
                [],
                steps,
                lr=group["lr"],
                beta1=group["betas"][0],
                beta2=group["betas"][1],
                weight_decay=0.0,
                eps=group["eps"],
                amsgrad=False,
                maximize=False,
            )

    step.hooked = True  # type: ignore[attr-defined]  # else PyTorch wraps it in a profiler range, 50 µs a step

    def _start(self, p: Tensor) -> dict[str, Tensor]:
        state = self.state[p]
        state["step"] = torch.zeros((), dtype=torch.float32, device=p.device)
        state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(p), torch.zeros_like(p)
        return state
