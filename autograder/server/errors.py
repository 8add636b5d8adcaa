"""Whose mistake it was. Each of these is one sentence for the person who made it."""


class BadInput(Exception):
    """The caller's mistake: exit status 2."""


class Unreadable(Exception):
    """The student's mistake: a scored 0."""


class JailError(Exception):
    """The jail can't be built or doesn't hold, so nothing is graded: exit status 2."""
