"""`cadre bench --part voice`: dictation's own speed and steadiness, without a microphone."""
