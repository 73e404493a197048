"""Tsunagu's engine: everything that is true without a web page or a clock of its own."""
