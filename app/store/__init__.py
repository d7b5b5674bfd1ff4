"""Chats on disk. SQLite in Cadre's folder; knows neither Qt nor the engine."""
