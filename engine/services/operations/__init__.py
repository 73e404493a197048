"""Service operations: named functions that the diagrams call, with real effect on typed tables."""
