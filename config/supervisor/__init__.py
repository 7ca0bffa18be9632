"""What script/server runs: the servers, then the Procfile's processes, in one terminal."""
