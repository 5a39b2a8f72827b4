import { Center } from "@mantine/core";
import { Component, type ErrorInfo, type ReactNode } from "react";
import { ErrorState } from "./states";

interface Props {
  children: ReactNode;
  /** A change of this value (the path, say) clears the error. */
  resetKey?: string;
}

/** Shows what failed instead of a blank page; the rest of the app goes on. */
export class ErrorBoundary extends Component<Props, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidUpdate(previous: Props) {
    if (this.state.error && previous.resetKey !== this.props.resetKey) this.setState({ error: null });
  }

  override componentDidCatch(error: unknown, info: ErrorInfo) {
    // biome-ignore lint/suspicious/noConsole: the one place where a crash of the page is written down
    console.error(error, info.componentStack);
  }

  override render() {
    if (!this.state.error) return this.props.children;
    return (
      <Center mih="60vh">
        <ErrorState
          page
          title="This page failed"
          error={this.state.error}
          retry={() => (isStaleChunk(this.state.error) ? window.location.reload() : this.setState({ error: null }))}
        />
      </Center>
    );
  }
}

/** A page's code that is gone because the server was updated under an open tab. */
function isStaleChunk(error: unknown): boolean {
  return error instanceof Error && /dynamically imported module|module script failed/i.test(error.message);
}
