"""Fine-tuning an ordinary MoE for frozen sets, through the engine's own banks and routing."""
