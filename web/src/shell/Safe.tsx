import { Component, type ReactNode } from "react";
import { useText } from "@/language/text";
import { viewer } from "@/results/viewer";
import { usePanels } from "@/state/panels";

type State = { error: Error | undefined };

/** What cannot be drawn takes the page away, but not the work: documents, undo and runs live beside it. */
export class Safe extends Component<{ children: ReactNode }, State> {
  override state: State = { error: undefined };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return <Failed error={error} onBack={() => this.setState({ error: undefined })} />;
  }
}

function Failed({ error, onBack }: { error: Error; onBack(): void }) {
  const t = useText();
  function back(): void {
    usePanels.setState({ dialog: undefined, panel: undefined });
    viewer.close();
    onBack();
  }
  return (
    <main className="gate" role="alert">
      <h1>{t.notDrawn}</h1>
      <p className="quiet">{error.message}</p>
      <button type="button" className="button primary" onClick={back}>
        {t.back}
      </button>
      <button type="button" className="button" onClick={() => location.reload()}>
        {t.reload}
      </button>
    </main>
  );
}
