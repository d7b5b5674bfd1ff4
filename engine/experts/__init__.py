"""Experts on disk and in memory: slots, reading, and which to keep."""
