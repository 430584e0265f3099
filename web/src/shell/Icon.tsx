/** Line icons on a 16-pixel grid. They say nothing by themselves: the button has the name. */

const PATHS = {
  play: "M5 3.2v9.6l7.5-4.8z",
  stop: "M4.5 4.5h7v7h-7z",
  pause: "M5.5 4v8M10.5 4v8",
  plus: "M8 3.5v9M3.5 8h9",
  close: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3l3.2 3.2",
  nodes: "M2.5 3.5h4v3h-4zM9.5 9.5h4v3h-4zM6.5 5c3 0 0 6 3 6",
  folder: "M2 4.5h4l1.3 1.5H14v6.5H2z",
  box: "M8 2l5.5 3v6L8 14l-5.5-3V5zM2.8 5.2L8 8l5.2-2.8M8 8v5.8",
  queue: "M3 4h10M3 8h10M3 12h6",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6",
  image: "M2.5 3h11v10h-11zM2.5 10.5l3-3 3 3 2-2 3 3M10 6.2h.01",
  text: "M3 3.5h10M3 6.5h7M3 9.5h10M3 12.5h5",
  settings: "M3 4.5h6M12 4.5h1M9 3v3M3 11.5h1M7 11.5h6M7 10v3",
  undo: "M5.5 3L2.5 6l3 3M3 6h6a4 4 0 0 1 0 8H7",
  redo: "M10.5 3l3 3-3 3M13 6H7a4 4 0 0 0 0 8h2",
  dice: "M4.5 2.5h7a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2zM5.6 5.6h.01M10.4 10.4h.01M8 8h.01",
  chevron: "M4.5 6.5L8 10l3.5-3.5",
  brush: "M13 3L7 9M4 13c2.5 0 3.5-1 3.5-2.5S6 8.5 5 9.5 4.5 12 3 12.5",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  form: "M2.5 3.5h11M2.5 6.5h11v3h-11zM2.5 12.5h5",
  command: "M4 5l3 3-3 3M8.5 11.5h4",
  check: "M3.5 8.5l3 3 6-7",
  warn: "M8 2.5l6 11H2zM8 6.5v3.2M8 11.7h.01",
  reuse: "M3 8a5 5 0 0 1 8.6-3.4L13 6M13 3v3h-3M13 8a5 5 0 0 1-8.6 3.4L3 10M3 13v-3h3",
  lock: "M4 7.5h8V13H4zM5.5 7.5V5.2a2.5 2.5 0 0 1 5 0v2.3",
  down: "M8 2.5v8M4.5 7L8 10.5 11.5 7M3 13.5h10",
  compare: "M2.5 3h11v10h-11zM8 1.5v13",
  bolt: "M9 1.8L3.8 9H8l-1 5.2L12.2 7H8z",
  beside: "M2.5 3h4.5v10h-4.5zM9 3h4.5v10h-4.5z",
  facts: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.2v3.6M8 5.2h.01",
  grid: "M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4z",
  eraser: "M6 13L2.5 9.5 9 3l4.5 4.5L8 13zM6 6l4.5 4.5M6 13h7.5",
  dropper: "M9.5 4.5l2-2 2 2-2 2M8.5 3.5l4 4M10.5 5.5L4.5 11.5l-2 2 .5-2.5 5.5-6",
  enter: "M2.5 3h11v10h-11zM5.5 8h5M8 5.5L10.5 8 8 10.5",
  changes: "M8 2.5v6M5 5.5h6M5 12.5h6",
  swap: "M3 5.5h9.5M10 3l2.5 2.5L10 8M13 10.5H3.5M6 8l-2.5 2.5L6 13",
  left: "M10 3.5L5.5 8l4.5 4.5",
  right: "M6 3.5L10.5 8 6 12.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
