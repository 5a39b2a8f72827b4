"""Dataset files in and out: COCO and DensePose-COCO readers, writers and checks."""
