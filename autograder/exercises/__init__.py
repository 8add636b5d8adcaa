"""The exercises of each section: `<section>.py` holds what `book/lessons/<section>.md` asks for."""
