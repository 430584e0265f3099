/** Arithmetic in number fields: `512*1.5`, `(3+4)/2`, `2^10`, `50%`. Never evaluates code. */

const TOKEN = /\s*(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|[-+*/^%()])/iy;

/** The value of an expression, or undefined where the text is none. */
export function evaluate(text: string): number | undefined {
  const tokens: string[] = [];
  const source = text.trim().replaceAll("×", "*").replaceAll("÷", "/").replaceAll(",", ".");
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const match = TOKEN.exec(source);
    if (!match?.[1]) return undefined;
    tokens.push(match[1]);
  }
  if (tokens.length === 0 || tokens.length > 200) return undefined;
  let at = 0;
  const peek = () => tokens[at];

  function sum(): number {
    let value = product();
    for (let op = peek(); op === "+" || op === "-"; op = peek()) {
      at++;
      const right = product();
      value = op === "+" ? value + right : value - right;
    }
    return value;
  }
  function product(): number {
    let value = signed();
    for (let op = peek(); op === "*" || op === "/"; op = peek()) {
      at++;
      const right = signed();
      value = op === "*" ? value * right : value / right;
    }
    return value;
  }
  function signed(): number {
    if (peek() === "-") {
      at++;
      return -signed();
    }
    if (peek() === "+") {
      at++;
      return signed();
    }
    return power();
  }
  function power(): number {
    const base = percent();
    if (peek() !== "^") return base;
    at++;
    return base ** signed();
  }
  function percent(): number {
    let value = atom();
    while (peek() === "%") {
      at++;
      value /= 100;
    }
    return value;
  }
  function atom(): number {
    const token = tokens[at++];
    if (token === "(") {
      const value = sum();
      return tokens[at++] === ")" ? value : Number.NaN;
    }
    return token !== undefined && /^[\d.]/.test(token) ? Number(token) : Number.NaN;
  }

  const value = sum();
  return at === tokens.length && Number.isFinite(value) ? value : undefined;
}

export type Limits = {
  min?: number | undefined;
  max?: number | undefined;
  step?: number | undefined;
};

/** A number within limits and, for whole numbers, rounded; no binary dust (0.1+0.2). */
export function fit(value: number, limits: Limits, whole: boolean): number {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = limits;
  const clamped = Math.min(Math.max(value, min), max);
  return whole ? Math.round(clamped) : Number.parseFloat(clamped.toPrecision(12));
}

/** Why `fit` gives another number than it got. */
export function misfit(
  value: number,
  { min, max }: Limits,
  whole: boolean,
): "min" | "max" | "whole" | undefined {
  if (min !== undefined && value < min) return "min";
  if (max !== undefined && value > max) return "max";
  return whole && !Number.isInteger(value) ? "whole" : undefined;
}

/** How a number is shown: no exponent where people would not write one. */
export function show(value: number): string {
  return Number.isInteger(value) || Math.abs(value) >= 1e21
    ? String(value)
    : Number.parseFloat(value.toPrecision(12)).toString();
}
