"""Dictation's own thinking: what the key means, what the words become, which recordings are kept. No Qt, no MLX."""
