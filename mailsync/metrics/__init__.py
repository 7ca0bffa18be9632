"""Show Prometheus how the whole stands: every process, every machine, in one scrape of any web process."""
