"""Quality against residency: how good answers stay as the resident set shrinks (docs/quality.md)."""
