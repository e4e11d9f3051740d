import { Component, type ComponentChildren } from "preact";
import { ErrorState } from "tms/ui";

interface Props {
  /** Another place is another attempt. */
  place: string;
  children: ComponentChildren;
}

/** Shows an error instead of the page that threw it; navigation keeps working. */
export class ErrorBoundary extends Component<Props, { error: unknown; place: string }> {
  override state = { error: null as unknown, place: "" };

  override componentDidCatch(error: unknown): void {
    console.error(error);
    this.setState({ error, place: this.props.place });
  }

  override render() {
    const { error, place } = this.state;
    if (error === null || place !== this.props.place) return this.props.children;
    return <ErrorState error={error} onRetry={() => this.setState({ error: null })} />;
  }
}
