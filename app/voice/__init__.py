"""Answers read aloud: what is said of a text, and who says it. Touches no MLX."""
