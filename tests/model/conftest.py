"""Networks in tests run on one thread: two test processes share the cores."""

import torch

torch.set_num_threads(1)
