"""A room: what puts refreshes to the test: forced rollbacks, fingerprints, counts, refreshes between calls."""
