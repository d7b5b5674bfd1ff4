"""Where the Hub is. By itself, so that who only tells of it does not load the network's library."""

from __future__ import annotations

PUBLIC = "https://huggingface.co"
