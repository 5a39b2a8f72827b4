"""The networks: what is learned from DenseMark's datasets, how it is trained, and what it predicts.

Everything that imports torch stands here. The room reads and writes files of datasets, results and checkpoints; it
knows nothing of the server or its database.
"""
