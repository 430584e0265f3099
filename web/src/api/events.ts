/** The stream of events: it reconnects by itself and resumes where it stopped. */

import { ROOT } from "@/api/client";
import type { Preview, ServerEvent } from "@/api/shapes";

export type Listener = {
  event(event: ServerEvent): void;
  preview(head: Preview, picture: Blob): void;
  connected(on: boolean): void;
  /** Events were missed for good: look at everything anew. */
  gap(): void;
};

const SILENCE = 60_000;

function readPreview(data: ArrayBuffer): [Preview, Blob] | undefined {
  const view = new DataView(data);
  if (data.byteLength < 4 || view.getUint8(0) !== 1 || view.getUint8(1) !== 1) return undefined;
  const length = view.getUint16(2);
  const text = new TextDecoder().decode(new Uint8Array(data, 4, length));
  const head = JSON.parse(text) as Preview & { media_type: string };
  return [head, new Blob([data.slice(4 + length)], { type: head.media_type })];
}

/** Opens the stream and keeps it open; returns what closes it. */
export function listen(listener: Listener): () => void {
  let socket: WebSocket | undefined;
  let since: number | undefined;
  let server: string | undefined;
  let tries = 0;
  let closed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let watch: ReturnType<typeof setTimeout> | undefined;

  function awake(): void {
    clearTimeout(watch);
    watch = setTimeout(() => socket?.close(), SILENCE);
  }

  function one(event: ServerEvent & { server?: string }): void {
    if (event.type === "hello") {
      if (server !== undefined && since === undefined) listener.gap();
      server = event.server;
      since ??= event.seq;
      tries = 0;
      listener.connected(true);
    } else if (event.type === "gap") listener.gap();
    else if (event.type !== "ping") {
      if (event.seq !== undefined) since = event.seq;
      listener.event(event);
    }
  }

  function open(): void {
    const url = new URL("events", ROOT);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("previews", "1");
    url.searchParams.set("batch", "1");
    if (since !== undefined) url.searchParams.set("since", String(since));
    socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      awake();
      if (typeof data === "string") {
        const parsed = JSON.parse(data) as ServerEvent | ServerEvent[];
        for (const event of Array.isArray(parsed) ? parsed : [parsed]) one(event);
      } else {
        const preview = readPreview(data);
        if (preview) listener.preview(...preview);
      }
    };
    socket.onclose = () => {
      clearTimeout(watch);
      if (closed) return;
      listener.connected(false);
      timer = setTimeout(open, Math.min(250 * 2 ** tries++, 5000));
    };
  }

  open();
  return () => {
    closed = true;
    clearTimeout(timer);
    clearTimeout(watch);
    socket?.close();
  };
}
