"""What a node is: a typed function, its ports, its registry. Imports no torch."""
