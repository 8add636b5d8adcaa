"""What outlives a turn: averaged weights, and checkpoints from which a run goes on as if never stopped."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Generator, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

if TYPE_CHECKING:
    from dgm.training import Player


def average(module: nn.Module, decay: float = 0.998) -> AveragedModel:
    r"""Start an exponential moving average of a network's weights (Yazici et al., 2019, section 2.2).

    .. math:: \bar\theta_t = \beta\,\bar\theta_{t-1} + (1 - \beta)\,\theta_t, \qquad \bar\theta_1 = \theta_1

    The average is itself a network, in evaluation mode: call it to sample. A player keeps it up to date with
    ``after=averaged.update_parameters``; `dgm.games.gan` calls this ``g_after``.
    """
    return AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(decay)).eval()


def save(path: str | Path, players: Iterable["Player"], step: int, **more: nn.Module | Generator) -> None:
    """Write a checkpoint: networks, optimisers and the state of torch's random numbers after turn ``step``.

    Arguments:
        more: Further things to keep, by name: averaged networks, a sampler's ``torch.Generator``.
    """
    state = {
        "step": step,
        "rng": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "players": {p.name: {"module": p.module.state_dict(), "optimizer": p.optimizer.state_dict()} for p in players},
        "more": {
            name: thing.get_state() if isinstance(thing, Generator) else thing.state_dict()
            for name, thing in more.items()
        },
    }
    path = Path(path)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        torch.save(state, Path(folder) / path.name)
        os.replace(Path(folder) / path.name, path)  # never half a checkpoint under the final name


def resume(path: str | Path, players: Iterable["Player"], **more: nn.Module | Generator) -> int:
    """Load a checkpoint of `save` into the same players and return the turn it was written after.

    Go on with ``play(players, batches, steps, start=resume(path, players))`` and a stream of batches made as before:
    the result equals that of a run that was never stopped.

    Raises:
        ValueError: If the checkpoint is of other players.
    """
    state = torch.load(path, weights_only=True)
    players = tuple(players)
    names = {player.name for player in players}
    if names != set(state["players"]) or set(more) != set(state["more"]):
        raise ValueError(
            f"{path} keeps {sorted([*state['players'], *state['more']])}, not {sorted([*names, *more])}; "
            "resume with what was saved."
        )
    for player in players:
        player.module.load_state_dict(state["players"][player.name]["module"])
        player.optimizer.load_state_dict(state["players"][player.name]["optimizer"])
    for name, thing in more.items():
        if isinstance(thing, Generator):
            thing.set_state(state["more"][name])
        else:
            thing.load_state_dict(state["more"][name])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
    torch.set_rng_state(state["rng"])
    return state["step"]
