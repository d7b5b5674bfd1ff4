"""A day of mixed requests, replayed: what it costs to read, hold and compute (docs/budgets.md, A day)."""
