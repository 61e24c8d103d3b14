"""Rosters (花名册): read as offices send them, judged row by row, and given back with their errors."""
