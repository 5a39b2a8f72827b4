"""From photos to results."""
