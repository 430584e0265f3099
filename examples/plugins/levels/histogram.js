// The counts of ShowLevels as three curves over each other.
const canvas = document.body.appendChild(document.createElement("canvas"));
canvas.setAttribute("role", "img");
canvas.style.cssText = "display:block;width:100%;height:96px";
nodeflow.height(96);

nodeflow.show(({ text, theme }) => {
  const channels = JSON.parse(text[0]);
  [canvas.width, canvas.height] = [canvas.clientWidth * devicePixelRatio, 96 * devicePixelRatio];
  const pen = canvas.getContext("2d");
  pen.globalCompositeOperation = theme === "dark" ? "lighter" : "multiply";
  const highest = Math.max(1, ...channels.flat());
  const dark = ["#a03038", "#2f8f4a", "#3a5fc8"];
  const light = ["#ff9aa0", "#9be3ae", "#a3b8ff"];
  channels.forEach((counts, index) => {
    pen.fillStyle = (theme === "dark" ? dark : light)[index];
    pen.beginPath();
    pen.moveTo(0, canvas.height);
    counts.forEach((count, level) => {
      const height = Math.sqrt(count / highest) * canvas.height * 0.96;
      pen.lineTo((level / (counts.length - 1)) * canvas.width, canvas.height - height);
    });
    pen.lineTo(canvas.width, canvas.height);
    pen.fill();
  });
  const all = channels[0].reduce((sum, count) => sum + count, 0);
  canvas.ariaLabel = `Levels of ${all} pixels`;
});
