/** A finger that stays where it is asks for the menu, as the right button does. */

const PATIENCE = 500;
const STILL = 8;

let timer: ReturnType<typeof setTimeout> | undefined;
let start = { x: 0, y: 0 };

function stop(): void {
  clearTimeout(timer);
  timer = undefined;
}

function onDown(event: React.PointerEvent): void {
  stop();
  const { target, clientX, clientY, isPrimary, pointerType } = event;
  // In a field a long press selects words.
  if (pointerType !== "touch" || !isPrimary || (target as Element).closest(".nodrag")) return;
  start = { x: clientX, y: clientY };
  timer = setTimeout(() => {
    const asked = { bubbles: true, cancelable: true, clientX, clientY, button: 2 };
    target.dispatchEvent(new MouseEvent("contextmenu", asked));
  }, PATIENCE);
}

function onMove({ clientX, clientY }: React.PointerEvent): void {
  if (timer && Math.hypot(clientX - start.x, clientY - start.y) > STILL) stop();
}

/** Listeners for the element that the menu belongs to. */
export const longPress = {
  down: onDown,
  move: onMove,
  stop,
};
