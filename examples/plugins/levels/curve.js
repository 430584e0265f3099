// A curve whose points are dragged; a click adds one, a double click takes one away.
const NAME = "http://www.w3.org/2000/svg";
const make = (tag, parent, attributes) => {
  const element = parent.appendChild(document.createElementNS(NAME, tag));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};
const near = (value) => Math.round(Math.min(Math.max(value, 0), 1) * 100) / 100;

let points = [];
const svg = make("svg", document.body, {
  viewBox: "-4 -4 108 108", style: "display:block;width:100%;height:160px", preserveAspectRatio: "none",
});
for (const at of [25, 50, 75])
  make("path", svg, { d: `M${at} 0V100M0 ${at}H100`, stroke: "var(--line)", "vector-effect": "non-scaling-stroke" });
const line = make("path", svg, {
  fill: "none", stroke: "var(--accent)", "stroke-width": 2, "vector-effect": "non-scaling-stroke",
});
nodeflow.height(160);

function place(event) {
  const box = svg.getBoundingClientRect();
  const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  return [near((x * 108 - 4) / 100), near(1 - (y * 108 - 4) / 100)];
}

function draw() {
  const ends = [[0, points[0][1]], ...points, [1, points.at(-1)[1]]];
  line.setAttribute("d", "M" + ends.map(([x, y]) => `${x * 100} ${100 - y * 100}`).join("L"));
  for (const dot of svg.querySelectorAll("ellipse")) dot.remove();
  const box = svg.getBoundingClientRect();
  points.forEach(([x, y], index) => {
    const dot = make("ellipse", svg, {
      cx: x * 100, cy: 100 - y * 100, rx: 540 / box.width, ry: 540 / box.height, fill: "var(--accent)",
      stroke: "var(--field)", tabindex: 0, role: "slider", "aria-label": `point ${index + 1}`,
      "aria-valuenow": y, "aria-valuetext": `${x} becomes ${y}`, style: "cursor:grab",
    });
    dot.onpointerdown = (event) => drag(event, index);
    dot.ondblclick = () => points.length > 2 && put(points.filter((_, other) => other !== index));
    dot.onkeydown = ({ key }) => {
      const step = { ArrowUp: [0, 0.02], ArrowDown: [0, -0.02], ArrowLeft: [-0.02, 0], ArrowRight: [0.02, 0] }[key];
      if (!step) return;
      move(index, [near(x + step[0]), near(y + step[1])]);
      nodeflow.done();
      svg.querySelectorAll("ellipse")[index]?.focus();
    };
  });
}

function put(next, ended = true) {
  points = next;
  draw();
  nodeflow.change(points);
  if (ended) nodeflow.done();
}

function move(index, [x, y]) {
  const low = points[index - 1]?.[0] ?? 0;
  const high = points[index + 1]?.[0] ?? 1;
  put(points.with(index, [Math.min(Math.max(x, low), high), y]), false);
}

function drag(event, index) {
  event.stopPropagation();
  svg.setPointerCapture(event.pointerId);
  svg.onpointermove = (moved) => move(index, place(moved));
  svg.onpointerup = () => {
    svg.onpointermove = svg.onpointerup = null;
    nodeflow.done();
  };
}

svg.onpointerdown = (event) => {
  const [x, y] = place(event);
  put([...points, [x, y]].sort((a, b) => a[0] - b[0]), false);
  drag(event, points.findIndex(([px, py]) => px === x && py === y));
};

nodeflow.show(({ value }) => {
  points = Array.isArray(value) && value.length > 1 ? value : [[0, 0], [1, 1]];
  draw();
});
