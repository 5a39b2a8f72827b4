import { Button, Center, Group, Paper, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue, useIntersection } from "@mantine/hooks";
import { IconCircleCheckFilled, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { Link } from "react-router";
import { thumbnailUrl } from "../api/endpoints";
import { queries } from "../api/queries";
import type { Image } from "../api/types";
import { count } from "../components/Meter";
import { EmptyState, ErrorState, LoadingState } from "../components/states";
import classes from "./ImageGrid.module.css";

/** All images of a project by name, fetched page by page as one scrolls. */
export function ImageGrid({ projectId, total, action }: { projectId: string; total: number; action?: ReactNode }) {
  const [text, setText] = useState("");
  const [q] = useDebouncedValue(text.trim(), 250);
  const images = useInfiniteQuery({ ...queries.images(projectId, q), placeholderData: (previous) => previous });
  const { ref, entry } = useIntersection({ rootMargin: "600px" });
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = images;
  const near = entry?.isIntersecting ?? false;
  useEffect(() => {
    if (near && hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [near, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  const items = images.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-label="Images">
      <Group justify="space-between" mb="md">
        <Group gap="xs" align="baseline">
          <Title order={2}>Images</Title>
          <Text c="dimmed" className="numbers">
            {count(total)}
          </Text>
        </Group>
        <Group gap="sm">
          <TextInput
            aria-label="Find images by file name"
            placeholder="Find by file name"
            leftSection={<IconSearch size={16} aria-hidden />}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            type="search"
          />
          {action}
        </Group>
      </Group>
      {images.isPending && <LoadingState label="Loading images" />}
      {images.isError && items.length === 0 && <ErrorState error={images.error} retry={() => images.refetch()} />}
      {images.isSuccess && items.length === 0 && (
        <Paper bg="var(--dm-surface)">
          <EmptyState title={q ? "No image by that name" : "No images yet"}>
            {q ? `No file name contains “${q}”.` : "They appear here as soon as they are uploaded."}
          </EmptyState>
        </Paper>
      )}
      <ul className={classes.grid}>
        {items.map((image) => (
          <ImageCard key={image.id} image={image} projectId={projectId} />
        ))}
      </ul>
      <Center ref={ref} mih={1} mt="md">
        {hasNextPage && (
          <Button variant="default" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
            {isFetchNextPageError ? "Could not load more. Try again" : "Show more"}
          </Button>
        )}
      </Center>
    </section>
  );
}

/** "3 people, 1 finished" */
export function stateOf({ persons, done }: Pick<Image, "persons" | "done">): string {
  if (persons === 0) return "No people marked";
  const people = persons === 1 ? "1 person" : `${count(persons)} people`;
  if (done === 0) return people;
  return done === persons ? `${people}, finished` : `${people}, ${count(done)} finished`;
}

function ImageCard({ image, projectId }: { image: Image; projectId: string }) {
  const finished = image.persons > 0 && image.done === image.persons;
  return (
    <li className={classes.card}>
      <Link to={`/projects/${projectId}/images/${image.id}`} className={classes.link}>
        <span className={classes.frame}>
          <img src={thumbnailUrl(image.id)} alt="" loading="lazy" decoding="async" className={classes.photo} />
        </span>
        <span className={classes.name} title={image.file_name}>
          {image.file_name}
        </span>
        <span className={classes.state}>
          {finished && <IconCircleCheckFilled size={15} className={classes.done} aria-hidden />}
          {stateOf(image)}
        </span>
      </Link>
    </li>
  );
}
