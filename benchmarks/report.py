"""What every benchmark shares: its options, its table on the screen, its rows as JSON."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import torch
from rich.console import Console
from rich.table import Table


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}.\n")  # one sentence, without the usage


def options(description: str) -> argparse.ArgumentParser:
    """A parser with the two options that all benchmarks have."""
    parser = _Parser(description=description)
    parser.add_argument("--quick", action="store_true", help="a small run that shows that everything works")
    parser.add_argument("--json", type=_writable, metavar="PATH", help="also write the rows here")
    return parser


def _writable(text: str) -> Path:
    path = Path(text)
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent} to write {path.name} to")
    return path


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> None:
    """Print a table; the first column is text, the others are numbers."""
    table = Table(title=title, caption=note or None, title_justify="left", caption_justify="left")
    for k, name in enumerate(columns):
        table.add_column(name, justify="right" if k else "left")
    for row in rows:
        table.add_row(*row)
    # A pipe has no width of its own: never cut a number off.
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def write(path: Path | None, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows, with what they were measured on, under a temporary name, then rename."""
    if path is None:
        return
    machine = {"python": platform.python_version(), "torch": torch.__version__, "cpu": _cpu(), "cores": os.cpu_count()}
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as file:
        json.dump({"machine": machine, "rows": list(rows)}, file, indent=1)
        file.write("\n")
    os.replace(file.name, path)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {torch.backends.cpu.get_cpu_capability()}"
