"""How the embedded model was trained; the same code trains another."""
