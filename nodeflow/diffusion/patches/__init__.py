"""Changes to the forward pass of a network, as frozen values on its recipe."""
