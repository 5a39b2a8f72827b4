"""The networks, one method a file, built by plain constructors."""
