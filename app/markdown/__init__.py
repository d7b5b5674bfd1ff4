"""Markdown as models write it, as values to be drawn. Knows no Qt."""
