"""What people and the scheduler do: one function each, the only writers."""
