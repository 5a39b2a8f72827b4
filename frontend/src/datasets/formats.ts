import type { ExportFormat } from "../api/endpoints";

/** The dataset files that the server writes. The photos are in none of them. */
export const FORMATS: { value: ExportFormat; label: string; text: string }[] = [
  {
    value: "densepose-coco",
    label: "DensePose-COCO",
    text: "Boxes, part masks (dp_masks) and points (dp_I, dp_U, dp_V), as DensePose's own code and Detectron2 read them.",
  },
  {
    value: "densepose-cse",
    label: "DensePose-CSE",
    text: "The same points as vertices of the body (dp_vertex, ref_model), for continuous surface embeddings.",
  },
  {
    value: "coco",
    label: "COCO",
    text: "Boxes, outlines and keypoints only, without part masks and points.",
  },
];

/** The format that is chosen at first, and that a command does without naming. */
export const USUAL: ExportFormat = "densepose-coco";
