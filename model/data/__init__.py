"""From dataset files to batches."""
