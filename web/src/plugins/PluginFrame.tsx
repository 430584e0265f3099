import { useEffect, useRef, useState } from "react";
import { FRAME } from "@/canvas/rows";
import type { Json } from "@/document/workflow";
import { forwardedKeys, onForwarded } from "@/plugins/keys";
import { HELLO, type Show, understood } from "@/plugins/protocol";
import { useSettings } from "@/state/settings";

const LOOK = ["ink", "ink-2", "line", "line-strong", "surface", "field", "accent", "on-accent"];

type Props = {
  /** `plugin/file.js`, as the server names it. */
  module: string;
  label: string;
  show: Pick<Show, "value" | "input" | "text" | "pictures">;
  onChange?(value: Json): void;
  onDone?(): void;
};

function surroundings(): Pick<Show, "theme" | "language" | "look" | "keys" | "anywhere"> {
  const page = document.documentElement;
  const style = getComputedStyle(page);
  return {
    theme: page.dataset.theme === "dark" ? "dark" : "light",
    language: page.lang,
    ...forwardedKeys(),
    look: Object.fromEntries(
      LOOK.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
    ),
  };
}

/** A plugin's module in a frame of an origin of its own; only messages go in and out. */
export default function PluginFrame({ module, label, show, onChange, onDone }: Props) {
  const frame = useRef<HTMLIFrameElement>(null);
  const port = useRef<MessagePort | undefined>(undefined);
  const now = useRef({ show, onChange, onDone });
  now.current = { show, onChange, onDone };
  const [height, setHeight] = useState(FRAME);
  const address = `api/v1/frames/${module.split("/").map(encodeURIComponent).join("/")}`;
  const sent = JSON.stringify([show.value, show.text, show.pictures?.map(({ name }) => name)]);

  const draw = () => port.current?.postMessage({ ...now.current.show, ...surroundings() });
  useEffect(draw, [sent]);
  useEffect(() => {
    const page = new MutationObserver(draw);
    page.observe(document.documentElement, { attributeFilter: ["data-theme", "lang"] });
    const keys = useSettings.subscribe((now, before) => now.keys !== before.keys && draw());
    return () => {
      page.disconnect();
      keys();
    };
  }, []);
  useEffect(() => () => port.current?.close(), []);

  function connect(): void {
    port.current?.close();
    const { port1, port2 } = new MessageChannel();
    port.current = port1;
    port1.onmessage = ({ data }) => {
      const said = understood(data);
      if (said?.type === "ready") draw();
      if (said?.type === "change") now.current.onChange?.(said.value);
      if (said?.type === "done") now.current.onDone?.();
      if (said?.type === "height") setHeight(said.pixels);
      if (said?.type === "keys") onForwarded(said.chord, frame.current);
    };
    frame.current?.contentWindow?.postMessage(HELLO, "*", [port2]);
  }

  return (
    <iframe
      ref={frame}
      className="plugin-frame nodrag nowheel nopan"
      title={label}
      src={address}
      sandbox="allow-scripts"
      loading="lazy"
      style={{ height }}
      onLoad={connect}
    />
  );
}
