"""Getting models from the Hugging Face Hub: resumable, verified, installed whole or not at all. No Qt, no MLX."""
