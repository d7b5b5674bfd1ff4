"""The engine: experts on disk and in memory, routing, budgets, generation. Knows no Qt."""
