"""Dictation on the screen: what listens and inserts, the pill over all programs, the window of earlier dictations."""
