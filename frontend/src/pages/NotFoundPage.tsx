import { Button } from "@mantine/core";
import { IconMapPinOff } from "@tabler/icons-react";
import { Link } from "react-router";
import { EmptyState } from "../components/states";

export function NotFoundPage() {
  return (
    <EmptyState
      page
      icon={<IconMapPinOff size={32} stroke={1.5} />}
      title="There is no such page"
      action={
        <Button component={Link} to="/projects">
          Go to the projects
        </Button>
      }
    >
      The address may be mistyped, or what stood here was removed.
    </EmptyState>
  );
}
