"""The heartbeat: asks the services what is due. Business moments live in the database, none of them here."""
