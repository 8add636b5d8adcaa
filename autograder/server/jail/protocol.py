"""What both sides of the wall know.

A job goes in as JSON: ``section``, ``cells`` (sources), ``own`` (the numbers of those that the student added),
``answers`` (number of a cell -> what it is to define),
``exercises`` (names), ``seeds`` (kind -> number), ``limits``, ``reference`` (whether this is the solution, to be run by
`exact.reference`).
What comes out is text on one pipe, one JSON object per line, and nothing in it may be believed:

    {"cell": 0, "error": null | {"type": ..., "message": ...}, "stdout": "..."}      one per cell
    {"exercise": NAME, "case": NAME, "public": true, "outcome": {...}}               one per case and seed
    {"exercise": NAME, "redefined": true}                                            a cell further down defines it anew
    {"exercise": NAME, "missing": true}   or   {"exercise": NAME, "died": "..."}     instead of outcomes
    {"done": true}
"""

PIPE = 3
"""The descriptor on which it comes out."""

HOME = "/home/student"
SCRATCH = {"/tmp": "64m", "/dev/shm": "64m", HOME: "16m"}
"""The only places a submission can write to, and how much."""

ENDED = b"."
"""On the leash, when a job and all its processes are gone."""
