"""The engine laid open: memory, the experts, how well they serve. Draws values; asks the engine nothing."""
