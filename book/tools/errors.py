"""What goes wrong while a book is made, and who has to mend it."""

from pathlib import Path


class LessonError(ValueError):
    """Something in a lesson that its author has to mend, and where: exit status 2."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path.name}:{line}: {message}")


class Trouble(RuntimeError):
    """The lessons are in order and something else is not: exit status 1, after what was printed already."""
