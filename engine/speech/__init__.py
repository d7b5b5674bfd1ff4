"""Speech in and out: voice activity, recognition, the words that come of it."""
