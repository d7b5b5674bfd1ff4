"""The Mac's own parts, thin and without decisions. Loaded only there, by app/desktop/parts.py."""
