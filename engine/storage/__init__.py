"""The database: schema, connections and the statements of each aggregate (SQLAlchemy Core only)."""
