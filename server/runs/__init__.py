"""The runs resource: trainings of networks, each a process of its own that a job watches over.

Nothing here imports torch or the room of the networks: what these know is asked of the command, in a process.
"""
