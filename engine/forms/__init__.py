"""Forms: schema files to typed fields, submissions to checked data."""
