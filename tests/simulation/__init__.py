"""A city at work for a year: invented people, seeded chance, the real services, a virtual clock."""
