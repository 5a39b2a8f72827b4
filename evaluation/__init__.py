"""How far marks are from the truth, and what may be said about it: pure functions on arrays and files."""
