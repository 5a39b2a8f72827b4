"""How well a DensePose network detects persons and their surface points: figure for figure the reference evaluator's.

``groundtruth.read`` and ``predictions.read`` read the files, ``distances.open_surface`` or ``distances.of_body`` give
the surface, ``evaluate.evaluate`` the figures. docs/methods/evaluation.md has the rules and how they are checked.
"""
