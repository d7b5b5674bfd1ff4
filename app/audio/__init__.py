"""The microphone: what it hears, how loud, and that nothing of it is lost. Touches no MLX."""
