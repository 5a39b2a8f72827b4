"""The renders resource: rendered persons for a project, made by a job."""
