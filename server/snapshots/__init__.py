"""The snapshots resource: immutable versions of a project's work, made by a job."""
