"""What each section asks, one module a section: its exercises and their cases."""

from pathlib import Path


def sections() -> list[str]:
    """The sections that have exercises, in order: ``["01-density-estimation", ...]``. Imports none of them."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[0-9]*.py"))
