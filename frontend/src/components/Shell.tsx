import { Anchor, Group, Text } from "@mantine/core";
import { Link, NavLink, Outlet } from "react-router";
import { useMe } from "../api/queries";
import { UploadPanel } from "../uploads/UploadPanel";
import { AccountMenu } from "./AccountMenu";
import classes from "./Shell.module.css";

/** The frame of every page but the workspace: header, then the page. */
export function Shell() {
  const { user } = useMe();
  return (
    <>
      <a className={classes.skip} href="#main">
        Skip to the page
      </a>
      <header className={classes.header}>
        <Group gap="xl" wrap="nowrap">
          <Anchor component={Link} to="/projects" underline="never" className={classes.brand}>
            <img src="/icon.svg" alt="" width={24} height={24} />
            <Text span fw={650} c="bright">
              DenseMark
            </Text>
          </Anchor>
          <Group component="nav" gap="xs" aria-label="Main">
            <NavLink to="/projects" className={classes.link as string}>
              Projects
            </NavLink>
            <NavLink to="/bodies" className={classes.link as string}>
              Bodies
            </NavLink>
            {user.role === "admin" && (
              <NavLink to="/users" className={classes.link as string}>
                Accounts
              </NavLink>
            )}
          </Group>
        </Group>
        <AccountMenu />
      </header>
      <main id="main" tabIndex={-1} className={classes.main}>
        <Outlet />
      </main>
      <UploadPanel />
    </>
  );
}
