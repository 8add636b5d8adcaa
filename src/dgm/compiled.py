"""Turns as compiled graphs: what `dgm.training.play` does when asked to ``compile``."""

import warnings
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, fx
from torch._inductor.custom_graph_pass import CustomGraphPass

from dgm.optimizers import Adam, Memory, coefficients, update
from dgm.players import Batch, Player, eager

_Graph = Callable[[Batch, list[list[tuple[Memory, Tensor]]]], tuple[list[Tensor], list[tuple[Tensor, ...]]]]


def mover() -> Callable[[Sequence[Player], Batch], dict[str, Tensor]]:
    """Make a function that lets players move one after the other, and returns the loss of each.

    One graph holds the losses, gradients and Adam's updates of as many players as possible: it ends after a player
    whose move ends in Python, because it has an ``after`` or another optimizer. Players who meet for the first time
    move eagerly, where errors are sentences. If their graph cannot be made, each tries one of its own; if that cannot
    be made either, the player moves eagerly from then on, and a warning says so.
    """
    torch._dynamo.config.trace_autograd_ops = True  # lets a graph hold its own backward pass
    graphs: dict[tuple[str, ...], _Graph] = {}
    met: set[tuple[str, ...]] = set()
    failed: set[tuple[str, ...]] = set()

    def take(run: tuple[Player, ...], batch: Batch) -> dict[str, Tensor]:
        names = tuple(player.name for player in run)
        if names not in met:
            met.add(names)
            return eager(run, batch)
        if names not in failed:
            try:
                graph = graphs.get(names) or graphs.setdefault(names, _graph(run))
                losses, gradients = graph(batch, [_memories(player) for player in run])
            except Exception as error:  # whatever the compiler, or the lack of one, may raise
                failed.add(names)
                if len(run) == 1:
                    reason = str(error).strip().split("\n")[0]
                    warnings.warn(
                        f"player {names[0]!r} plays on without torch.compile: {reason}", RuntimeWarning, stacklevel=2
                    )
        if names in failed:
            if len(run) == 1:
                return eager(run, batch)
            return {name: loss for player in run for name, loss in take((player,), batch).items()}
        for player, loss, gradient in zip(run, losses, gradients, strict=True):
            player.finish(loss, gradient)
        return dict(zip(names, losses, strict=True))

    return lambda movers, batch: {name: loss for run in _runs(movers) for name, loss in take(run, batch).items()}


def _runs(movers: Sequence[Player]) -> Iterator[tuple[Player, ...]]:
    """Cut a turn where a move ends in Python."""
    run: list[Player] = []
    for player in movers:
        run.append(player)
        if player.after is not None or not _updates_in_graph(player):
            yield tuple(run)
            run = []
    if run:
        yield tuple(run)


def _graph(run: Sequence[Player]) -> _Graph:
    owned = [player.own() for player in run]  # a graph that looks into an optimizer is made anew for every other rate

    def moves(
        batch: Batch, memories: list[list[tuple[Memory, Tensor]]]
    ) -> tuple[list[Tensor], list[tuple[Tensor, ...]]]:
        losses, gradients, finite = [], [], torch.ones((), dtype=torch.bool)
        for player, own, remembered in zip(run, owned, memories, strict=True):
            loss = player.loss(batch)
            gradient = torch.autograd.grad(loss, own)
            finite = finite & loss.detach().isfinite()  # else `finish` refuses, and nobody may have moved from there on
            for memory, numbers in remembered:
                update(memory, numbers, gradient[: len(memory.params)], finite)
                gradient = gradient[len(memory.params) :]
            losses.append(loss.detach())
            gradients.append(gradient)
        return losses, gradients

    for player in run:
        for p in player.own():
            p.grad = None  # a graph keeps no gradients; those of the eager move would look like its own
    # Graphs are kept per code object, eight at most and with shapes generalised over them: give each run its own.
    moves.__code__ = moves.__code__.replace()
    options = {
        "fallback_random": True,  # eager mode's random numbers: the run is the eager run, and they come faster, too
        "cpp_wrapper": all(_updates_in_graph(player) for player in run),
        "post_grad_custom_post_pass": _BiasAfterProduct(),
    }
    return torch.compile(moves, fullgraph=True, dynamic=False, options=options)


class _BiasAfterProduct(CustomGraphPass):
    """Take x W + b apart, so that b is added on the way through the activation: a tenth of a small network's time.

    On a CPU the compiler leaves the sum to the matrix product, which begins by copying b into every row.
    """

    def __call__(self, graph: fx.Graph) -> None:
        aten = torch.ops.aten
        for node in graph.find_nodes(op="call_function", target=aten.addmm.default):
            if node.kwargs:
                continue
            bias, left, right = node.args
            with graph.inserting_before(node):
                product = graph.call_function(aten.mm.default, (left, right))
                total = graph.call_function(aten.add.Tensor, (product, bias))
            product.meta["val"] = total.meta["val"] = node.meta["val"]
            node.replace_all_uses_with(total)
            graph.erase_node(node)

    def uuid(self) -> str:  # in the key of the compiler's cache: change it with the pass
        return "dgm: bias after product, 1"


def _updates_in_graph(player: Player) -> bool:
    """Elsewhere a launch of Adam's kernel costs little, and to look at its numbers would make every turn wait."""
    return isinstance(player.optimizer, Adam) and player.own()[0].device.type == "cpu"


def _memories(player: Player) -> list[tuple[Memory, Tensor]]:
    if not _updates_in_graph(player):
        return []
    pairs = zip(player.optimizer.param_groups, player.optimizer.memories(), strict=True)  # type: ignore[attr-defined]
    # Without the counts: a graph copies inputs that are views of one another.
    return [(memory._replace(counts=[]), coefficients(group, memory)) for group, memory in pairs]
