"""What people look at: reads only, frozen dataclasses out. Every list and count goes through ``visibility``."""
