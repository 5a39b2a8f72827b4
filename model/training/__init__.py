"""Training: ``model.training.run.train`` makes a run of images and a recipe; the loop is in ``model.training.loop``."""
