"""All queries, as functions over a session. They flush where an id or a constraint is needed and never commit."""
