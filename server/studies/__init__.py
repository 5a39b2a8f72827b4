"""Studies of how accurately people annotate: routes do HTTP, the other files hold the rules."""
