"""The quick prompt: a line over any program, and the sign in the menu bar."""
