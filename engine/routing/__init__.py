"""From router logits to experts: router shapes, the hooks into stock models, the ways through a layer."""
