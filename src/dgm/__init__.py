"""Deep generative models: what the lessons of the course share.

A model is a game, a game has players, a player owns parameters and the loss they descend. `training` holds the player
and the loop, `games` turns networks and loss functions into players, and the rest is data, networks, metrics and
pictures. No function that an exercise asks for lives here.
"""

__version__ = "0.1.0"
