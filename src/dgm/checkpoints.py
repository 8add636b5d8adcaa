"""What outlives a turn: averaged weights, and checkpoints from which a run goes on as if never stopped."""

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from dgm.players import Player

_RULES = "decoupled_weight_decay", "amsgrad", "maximize", "nesterov"
"""What tells apart optimisers that keep the same state, AdamW from Adam for instance."""


def average(module: nn.Module, decay: float = 0.998) -> AveragedModel:
    r"""Start an exponential moving average of a network's weights (Yazici et al., 2019, section 2.2).

    .. math:: \bar\theta_t = \beta\,\bar\theta_{t-1} + (1 - \beta)\,\theta_t, \qquad \bar\theta_1 = \theta_1

    The average is itself a network, in evaluation mode: call it to sample. A player keeps it up to date with
    ``after=averaged.update_parameters``; `dgm.games.gan` calls this ``g_after``.
    """
    return AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(decay)).eval()


def save(path: str | Path, players: Iterable[Player], step: int, **more: nn.Module | Generator) -> None:
    """Write a checkpoint: networks, optimisers and the state of torch's random numbers after turn ``step``.

    Arguments:
        more: Further things to keep, by name: averaged networks, a sampler's ``torch.Generator``.
    """
    state = {
        "step": step,
        "random": _random(),
        "players": {p.name: {"module": p.module.state_dict(), "optimizer": p.optimizer.state_dict()} for p in players},
        "more": {name: _state(thing) for name, thing in more.items()},
    }
    path = Path(path)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        torch.save(state, Path(folder) / path.name)
        os.replace(Path(folder) / path.name, path)  # never half a checkpoint under the final name


def resume(path: str | Path, players: Iterable[Player], **more: nn.Module | Generator) -> int:
    """Load a checkpoint of `save` into the same players and return the turn it was written after.

    Go on with ``play(players, batches, steps, start=resume(path, players))`` and a stream of batches made as before:
    the result equals that of a run that was never stopped. A checkpoint may come from another device: everything goes
    to where the players live. Random numbers go on only on a device of the same kind.

    Raises:
        OSError: If the file cannot be opened.
        ValueError: If it is no checkpoint, or one of other players; then nothing was changed.
    """
    players = tuple(players)
    state = _read(path)
    names = {player.name for player in players}
    if names != set(state["players"]) or set(more) != set(state["more"]):
        raise ValueError(
            f"{path} keeps {sorted([*state['players'], *state['more']])}, not {sorted([*names, *more])}; "
            "resume with what was saved."
        )
    for player in players:
        kept = state["players"][player.name]
        _compare(f"{path}, player {player.name!r}", kept["module"], player.module.state_dict())
        _compare_memories(f"{path}, player {player.name!r}", kept["optimizer"], player)
    for name, thing in more.items():
        _compare(f"{path}, {name}", state["more"][name], _state(thing))
    random = {}
    for device, now in _random().items():  # a device that is missing here, or was there, goes its own way
        random[device] = state["random"].get(device, [])[: len(now)]
        for kept, wanted in zip(random[device], now, strict=False):
            _compare(f"{path}, random numbers of {device}", kept, wanted)

    for player in players:
        player.module.load_state_dict(state["players"][player.name]["module"])
        player.optimizer.load_state_dict(state["players"][player.name]["optimizer"])
    for name, thing in more.items():
        if isinstance(thing, Generator):
            thing.set_state(state["more"][name])
        else:
            thing.load_state_dict(state["more"][name])
    torch.set_rng_state(random["cpu"][0])
    if random["cuda"]:
        torch.cuda.set_rng_state_all(random["cuda"])
    if random["mps"]:
        torch.mps.set_rng_state(random["mps"][0])
    return state["step"]


def _random() -> dict[str, list[Tensor]]:
    """The states of torch's global random numbers, for each device of each kind."""
    return {
        "cpu": [torch.get_rng_state()],
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "mps": [torch.mps.get_rng_state()] if torch.backends.mps.is_available() else [],
    }


def _state(thing: nn.Module | Generator) -> Any:
    return thing.get_state() if isinstance(thing, Generator) else thing.state_dict()


def _read(path: str | Path) -> dict[str, Any]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        kinds = {"step": int, "random": dict, "players": dict, "more": dict}
        whole = all(isinstance(state[name], kind) for name, kind in kinds.items()) and bool(state["random"]["cpu"])
        whole = whole and all(set(kept) == {"module", "optimizer"} for kept in state["players"].values())
    except OSError:
        raise
    except Exception as error:  # whatever a reader of zip files and pickles may raise about other files
        raise ValueError(f"{path} is no checkpoint that can be read ({type(error).__name__}).") from error
    if not whole:
        raise ValueError(f"{path} is no checkpoint of dgm.")
    return state


def _compare(where: str, kept: Any, wanted: Any) -> None:
    """Refuse tensors, or dictionaries of tensors, of other names, shapes or dtypes."""
    if isinstance(kept, Mapping) and isinstance(wanted, Mapping):
        if set(kept) != set(wanted):
            different = sorted(set(kept) ^ set(wanted), key=str)
            raise ValueError(f"{where}: {different} on one side only; resume with the networks that were saved.")
        for name, value in wanted.items():
            _compare(f"{where}, {name}", kept[name], value)
    elif _kind(kept) != _kind(wanted):
        raise ValueError(f"{where}: {_kind(kept)}, not {_kind(wanted)}; resume with the networks that were saved.")


def _kind(value: Any) -> str:
    return f"{value.dtype} {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"


def _compare_memories(where: str, kept: Any, player: Player) -> None:
    """Refuse an optimizer's state that is of other parameters: what is kept of each must broadcast to its shape."""
    own, groups = player.own(), player.optimizer.param_groups
    try:
        sizes = [len(group["params"]) for group in kept["param_groups"]]
        known = all(set(player.optimizer.defaults) <= set(group) for group in kept["param_groups"])
        known = known and all(
            group.get(rule) == old.get(rule)
            for group, old in zip(groups, kept["param_groups"], strict=False)
            for rule in _RULES
        )
        shapes = {k: [x.shape for x in one.values() if isinstance(x, Tensor)] for k, one in kept["state"].items()}
        fit = all(torch.broadcast_shapes(shape, own[k].shape) == own[k].shape for k in shapes for shape in shapes[k])
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError):
        sizes, known, fit = [], False, False
    if not (known and fit and sizes == [len(group["params"]) for group in groups]):
        raise ValueError(f"{where}: the optimizer's state is of other parameters or of another kind of optimizer.")
