import { useNodesInitialized, useReactFlow } from "@xyflow/react";
import { useLayoutEffect, useState } from "react";
import { begin } from "@/canvas/fitting";
import { useViews } from "@/canvas/selection";

/** A canvas that appears looks where it looked before; the first time so that its nodes are seen. */
export function FirstLook({ place }: { place: string }) {
  const flow = useReactFlow();
  const ready = useNodesInitialized();
  const [looked, setLooked] = useState(false);
  useLayoutEffect(() => {
    if (!ready || looked) return;
    setLooked(true);
    const before = useViews.getState()[place];
    if (before) void flow.setViewport(before);
    else begin(flow);
  }, [ready, looked, flow, place]);
  // Before React Flow forgets it all, which it does in an effect.
  useLayoutEffect(() => {
    if (looked) return () => useViews.setState({ [place]: flow.getViewport() });
  }, [looked, flow, place]);
  return null;
}
