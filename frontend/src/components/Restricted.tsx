import { Button } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { Link } from "react-router";
import { EmptyState } from "./states";

/** In place of a page that the viewer's role does not open: who may, and a way back. */
export function Restricted(props: {
  /** Who may, as in "Only administrators manage accounts". */
  title: string;
  to: string;
  back: string;
  /** The whole page is this: its title is the page's. */
  page?: boolean;
}) {
  return (
    <EmptyState
      page={props.page ?? false}
      icon={<IconLock size={32} stroke={1.5} />}
      title={props.title}
      action={
        <Button component={Link} to={props.to}>
          {props.back}
        </Button>
      }
    >
      If you need it, ask an administrator for another role.
    </EmptyState>
  );
}
