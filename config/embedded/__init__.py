"""A real PostgreSQL, a real Valkey and a Gmail simulator, started for whoever names no servers of their own."""
