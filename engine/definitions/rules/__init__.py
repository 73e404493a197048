"""The publish checks by theme; each module has functions from a Subject to findings."""
