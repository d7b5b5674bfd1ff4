"""Measuring: quality against residency, speed against limits and peers, and the models to measure on."""
