"""The law (法则): what may be decided, and what follows. Imports the standard library alone."""
