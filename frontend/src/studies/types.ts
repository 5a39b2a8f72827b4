import type { StudyProgress } from "../api/types";

export type {
  AnnotatorProgress,
  Feedback,
  MyStudy,
  PointFeedback,
  Study,
  StudyCreate,
  StudyMasks as MasksWay,
  StudyProgress,
  StudyReport,
  StudyState,
  StudyTask,
} from "../api/types";

export type StudyCommon = NonNullable<StudyProgress["common"]>;
