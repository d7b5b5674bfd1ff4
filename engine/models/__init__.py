"""Which models are on this machine and where. No MLX in here."""
