"""Losses, as pure functions of what a network gave and what is true."""
