import { Stack, Text, Title, Tooltip } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useScheme } from "../../lib/useScheme";
import { figureUrl } from "../api";
import classes from "./report.module.css";

/** A chapter of the report, with what it is about in a sentence or two. */
export function Section(props: { id: string; title: string; lead?: ReactNode; children: ReactNode }) {
  const { id, title, lead, children } = props;
  return (
    <section id={id} className={classes.section} aria-labelledby={`${id}-title`}>
      <Stack gap="md">
        <div className={classes.head}>
          <Title order={2} id={`${id}-title`}>
            {title}
          </Title>
          {lead && (
            <Text c="dimmed" maw={700} mt={2} component="div">
              {lead}
            </Text>
          )}
        </div>
        {children}
      </Stack>
    </section>
  );
}

const TERMS = {
  error: "The shortest way along the body's surface from the true point to the marked one.",
  interval:
    "The range of values that fit these data, for other pictures and other annotators like these. The fewer of them, the wider.",
  median: "Half of the marks are nearer than this, half are farther.",
  p90: "Nine of ten marks are nearer than this.",
  surface:
    "Errors spread from the marked points over all of the surface that the image shows, then averaged, as in the paper: large parts count for more. Beyond the paper, errors may grow where the surface turns away.",
  auc: "How much of the area lies under the curve of correct points up to this distance, from 0 to 1. Higher is better.",
  leftRight: "Marks that lie about where the same point of the person's other side is.",
  frontBack: "Marks that lie about where the point on the other face of the same part is.",
  flagged: "Points for which the annotator gave a reason instead of a mark, such as hidden or unclear.",
  iou: "Pixels that drawn and true mask share, of all pixels that either has. 100% is a perfect mask.",
  group:
    "Between annotators who share a letter no difference was shown. No letter: too few persons shared with others, so not compared.",
  corrected:
    "How probable so large a difference would be if there were none, allowing for the number of pairs looked at.",
  correlation: "Whether the same points were hard both times: 1 is entirely so, 0 not at all.",
} as const;

/** A word that a reader may not know, with what it means when pointed at or focused. */
export function Term({ of, children }: { of: keyof typeof TERMS; children: ReactNode }) {
  return (
    <Tooltip label={TERMS[of]} multiline maw={320} openDelay={150} events={{ hover: true, focus: true, touch: true }}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the explanation has to be reached by the keyboard. */}
      <span className={classes.term} tabIndex={0}>
        {children}
      </span>
    </Tooltip>
  );
}

interface PlotProps {
  studyId: string;
  name: string;
  version: string;
  /** What the figure shows, for those who do not see it. */
  alt: string;
}

/** A figure as the server draws it, in the page's colours; on paper in light ones. It is there before it is seen, so
 * that a print of the page has it. */
export function Plot({ studyId, name, version, alt }: PlotProps) {
  const scheme = useScheme();
  const [failed, setFailed] = useState(false);
  if (failed) {
    return (
      <Text size="sm" c="dimmed" role="status">
        This figure could not be loaded; its numbers stand in the table.
      </Text>
    );
  }
  return (
    <>
      <img
        className={`${classes.plot} ${scheme === "dark" ? classes.screen : ""}`}
        src={figureUrl(studyId, name, scheme, version)}
        alt={alt}
        onError={() => setFailed(true)}
      />
      {scheme === "dark" && (
        <img
          className={`${classes.plot} ${classes.paper}`}
          src={figureUrl(studyId, name, "light", version)}
          alt=""
          fetchPriority="low"
        />
      )}
    </>
  );
}

/** The numbers of a figure, folded away until they are wanted. */
export function Numbers({ title = "The numbers", children }: { title?: string; children: ReactNode }) {
  return (
    <details className={classes.numbers}>
      <summary>{title}</summary>
      {children}
    </details>
  );
}
