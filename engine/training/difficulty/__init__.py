"""Trains and judges the classifier of budget/classifier.py: `python -m engine.training.difficulty`. No MLX."""
