"""Plain Python: the rules of casework, without database, web framework or process engine."""
