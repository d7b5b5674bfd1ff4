"""What measures and portrays the app. Nothing of the app imports it; no MLX, like the rest of `app/`."""
