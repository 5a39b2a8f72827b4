"""The exports resource: routes do HTTP, the service holds the rules."""
