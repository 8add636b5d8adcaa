"""nbgrader's Validate, on a hub that has it, runs a whole notebook; lessons train networks, so a cell may take long."""

c = get_config()  # noqa: F821  # pyright: ignore
c.Execute.timeout = 300  # seconds for one cell
