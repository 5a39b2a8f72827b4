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
