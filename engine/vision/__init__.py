"""Pictures in: opening them safely, the model's own processor and encoder, by mlx-vlm."""
