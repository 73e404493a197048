"""Reference data of the city: read from ``workflows/`` once, checked, and handed out as frozen values."""
