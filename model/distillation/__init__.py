"""Teachers and students: ``model.distillation.derived`` makes a dataset of a teacher's labels."""
