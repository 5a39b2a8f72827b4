"""The images resource: routes do HTTP, the service holds the rules."""
