"""The record: every fact as stored, and the proof that it has not changed since."""
