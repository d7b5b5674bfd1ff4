"""How much of the model a request gets: points, the memory promise, footprint."""
