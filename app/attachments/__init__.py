"""Files that go into a prompt: read, or refused by name. Knows neither Qt nor the store nor the engine."""
