"""Changes of the database, in order. `migrate.migrate` brings a database of any age to the newest."""
