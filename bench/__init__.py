"""Side-by-side measurements: ours beside eventsourcing's own recorders and beside the raw limit."""
