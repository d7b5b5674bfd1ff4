"""The app: command line and, later, windows. Touches no MLX; talks with the engine in commands and events."""
