"""Training with frozen sets of experts, and fine-tuning of ordinary models for them."""
