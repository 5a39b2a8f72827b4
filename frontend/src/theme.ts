import {
  ActionIcon,
  Button,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  Menu,
  Modal,
  Paper,
  PasswordInput,
  SegmentedControl,
  Tooltip,
} from "@mantine/core";

/** The one accent: links, the next action, focus. */
const accent: MantineColorsTuple = [
  "#eef3fc",
  "#dae4f7",
  "#b3c7ee",
  "#8aa9e6",
  "#6a8fdf",
  "#537edb",
  "#3f6fd4",
  "#2f5fc4",
  "#2653ae",
  "#1d4796",
];

/** Neutral greys with a trace of blue; 6 and up are pages and surfaces of the dark scheme. */
const dark: MantineColorsTuple = [
  "#d5d8de",
  "#b3b8c2",
  "#9aa0ac",
  "#6d7380",
  "#3d424c",
  "#31353e",
  "#252931",
  "#1b1e24",
  "#15181d",
  "#0f1115",
];

const gray: MantineColorsTuple = [
  "#f8f9fb",
  "#f1f3f6",
  "#e6e9ee",
  "#d8dce3",
  "#c3c9d2",
  "#9aa2af",
  "#69717e",
  "#4b525d",
  "#343a43",
  "#20242b",
];

/** Deep enough at 7 for white words on it. */
const red: MantineColorsTuple = [
  "#fdf1f0",
  "#f9dedb",
  "#f1b6b0",
  "#ea8c83",
  "#e3685d",
  "#dc5045",
  "#cf4137",
  "#bf342b",
  "#a62b23",
  "#8c231c",
];

export const theme = createTheme({
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
  headings: { fontWeight: "620", sizes: { h1: { fontSize: "1.5rem" }, h2: { fontSize: "1.125rem" } } },
  colors: { accent, dark, gray, red },
  primaryColor: "accent",
  primaryShade: { light: 7, dark: 7 },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray" } }),
    Button: Button.extend({ styles: { label: { fontWeight: 560 } } }),
    // The placeholder that Mantine focuses at first is no child that a menu may have; the first item takes its place.
    Menu: Menu.extend({ defaultProps: { shadow: "md", withInitialFocusPlaceholder: false, withinPortal: false } }),
    // A dialog's <header> would count as a second banner of the page.
    ModalHeader: { defaultProps: { role: "presentation" } },
    Modal: Modal.extend({
      defaultProps: {
        closeButtonProps: { "aria-label": "Close" },
        centered: true,
        overlayProps: { backgroundOpacity: 0.45 },
      },
      styles: { title: { fontWeight: 620 } },
    }),
    PasswordInput: PasswordInput.extend({
      defaultProps: { visibilityToggleButtonProps: { "aria-label": "Show or hide what is typed" } },
    }),
    Paper: Paper.extend({ defaultProps: { withBorder: true } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { withItemsBorders: false } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, withArrow: true } }),
  },
});

/** Tokens beyond Mantine's own; `--dm-*` are for stylesheets of this project. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: { "--dm-header": "3.25rem" },
  light: {
    "--mantine-color-placeholder": "#69717e",
    "--mantine-color-body": "#f7f8fa",
    "--mantine-color-dimmed": "#5b6370",
    "--dm-surface": "#ffffff",
    "--dm-sunken": "#eef0f4",
    "--dm-line": "#dfe3e9",
    "--dm-good": "#1c7c4a",
    "--dm-bad": "#b3261e",
    "--mantine-color-error": "#b3261e",
    "--mantine-color-anchor": "#2653ae",
  },
  dark: {
    "--mantine-color-placeholder": "#9aa0ac",
    "--mantine-color-body": "#15181d",
    "--mantine-color-dimmed": "#9aa0ac",
    "--dm-surface": "#1b1e24",
    "--dm-sunken": "#101317",
    "--dm-line": "#31353e",
    "--dm-good": "#5cc491",
    "--dm-bad": "#ff8f87",
    "--mantine-color-error": "#ff8f87",
    "--mantine-color-anchor": "#8aa9e6",
  },
});
