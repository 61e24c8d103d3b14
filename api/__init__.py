"""HTTP: puts things together and decides nothing."""
