"""A model folder on disk: config, safetensors headers, where every expert's bytes lie. No MLX in here."""
