"""From a prompt to an answer: prefill, decode, undo, prompt cache, text."""
