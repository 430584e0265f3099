/**
 * What is said, in another language: a text is found among templates such as `'{0}' is not there`,
 * and what its slots hold is put into the other language's sentence.
 */

type Template = {
  /** What stands before, between and behind the slots. */
  readonly fixed: readonly string[];
  /** The number of each slot, and whether it stands in quotes: then it is a name. */
  readonly slots: readonly { readonly number: string; readonly name: boolean }[];
  readonly longest: string;
  readonly letters: number;
  readonly told: string;
};

/** The catalogue: sentences of nodeflow, and those of the system and of libraries. */
export type Messages = { readonly [part: string]: { readonly [english: string]: string } };

/** Longer texts are listings and traces, not messages. */
const LONGEST = 4000;
/** Texts whose translation is remembered. */
const KEPT = 2000;
/** A template that begins with a slot and has no more letters is glue, as `{0} and {1}`. */
const GLUE = 6;

const SLOT = /\{(\d+)\}/;
const letters = (text: string) => text.replace(/[^a-z]/gi, "").length;

function templateOf(english: string, told: string): Template {
  const parts = english.split(SLOT);
  const fixed = parts.filter((_, index) => index % 2 === 0);
  const slots = parts
    .filter((_, index) => index % 2 === 1)
    .map((number, index) => {
      const [before, after] = [fixed[index]?.at(-1), fixed[index + 1]?.[0]];
      return { number, name: before === after && (before === "'" || before === "`") };
    });
  const longest = fixed.reduce((a, b) => (b.length > a.length ? b : a));
  return { fixed, slots, longest, letters: letters(fixed.join("")), told };
}

/** Whether a text begins with a quotation that does not end in it. */
const isOpen = (text: string) =>
  /^["']/.test(text) && !/^(?:"(?:[^"\\]|\\.)*(?:"|…$)|'(?:[^'\\]|\\.)*(?:'|…$))/s.test(text);

/** What stands in a template's slots, or undefined where a text is no such sentence. */
function held({ fixed, longest }: Template, text: string): string[] | undefined {
  const [first = "", ...rest] = fixed;
  const last = rest.pop() ?? "";
  const end = text.length - last.length;
  if (!text.includes(longest) || !text.startsWith(first) || !text.endsWith(last)) return undefined;
  let at = first.length;
  const found: string[] = [];
  for (const part of rest) {
    let next = text.indexOf(part, at);
    while (next >= 0 && isOpen(text.slice(at, next))) next = text.indexOf(part, next + 1);
    if (next < 0) return undefined;
    found.push(text.slice(at, next));
    at = next + part.length;
  }
  if (at > end || isOpen(text.slice(at, end))) return undefined;
  found.push(text.slice(at, end));
  return found;
}

/** A name or a value, which is not told whatever it says. */
const isQuoted = (text: string) => /^"|^'[^']*'$/.test(text);
const isAtom = (text: string) => !/\s/.test(text) || isQuoted(text);

/** A slot, and the spaces that part it from Chinese. */
const PLACE = /((?<=\p{sc=Han}) )?\{(\d+)\}( (?=\p{sc=Han}))?/gu;
/** Chinese stands beside Chinese without a space. */
const spaced = (space: string, beside = "") => (/\p{sc=Han}|[“”（）]/u.test(beside) ? "" : space);

/** Sentences that begin with words of their own come first, then those with more of them. */
const rank = ({ fixed: [first = "", ...rest], letters: own }: Template) =>
  (letters(first) > 0 ? 1e6 : 0) + own * 1e3 + first.length + rest.join("").length;

/** Whether a text goes over the border of two sentences, as `5; it is new`. */
const isTorn = (text: string) => /[:;] /.test(text.replace(/"[^"]*"|'[^']*'/g, ""));

/** Tells texts in the catalogue's language; those that it does not know stay as they are. */
export function translator(messages: Messages): (text: string) => string {
  const whole = new Map<string, string>();
  const templates: Template[] = [];
  for (const part of Object.values(messages))
    for (const [english, told] of Object.entries(part))
      if (SLOT.test(english)) templates.push(templateOf(english, told));
      else whole.set(english, told);
  templates.sort((a, b) => rank(b) - rank(a));
  const known = new Map<string, string>();

  type Filled = { told: string; torn: boolean };

  function fill(
    { slots, told, letters: own, fixed }: Template,
    parts: string[],
  ): Filled | undefined {
    const inside = parts.map((part, index) =>
      slots[index]?.name || isQuoted(part) ? part : translate(part),
    );
    const glue = own === 0 || (own <= GLUE && fixed[0] === "");
    if (glue && parts.some((part) => part.includes("\n"))) return undefined;
    const sure = inside.some((part, index) => part !== parts[index]);
    if (glue && !sure && !(own > 0 && parts.every(isAtom))) return undefined;
    const torn = parts.some((part, at) => {
      if (slots[at]?.name) return /'.*'/.test(part);
      if (!isTorn(part)) return false;
      const subject = at === 0 && fixed[0] === "" && !/^[:;,]/.test(fixed[1] ?? "");
      return subject || inside[at] === part;
    });
    const whole = told.replace(PLACE, (_, before = "", number, after = "") => {
      const part = inside[slots.findIndex((one) => one.number === number)] ?? "";
      return `${spaced(before, part[0])}${part}${spaced(after, part.at(-1))}`;
    });
    return { told: whole, torn };
  }

  function search(text: string): string {
    let torn: string | undefined;
    for (const template of templates) {
      const parts = held(template, text);
      const found = parts && fill(template, parts);
      if (found && !found.torn) return found.told;
      torn ??= found?.told;
    }
    if (torn !== undefined) return torn;
    if (!text.includes("\n")) return text;
    return text.replace(/[^\n]+/g, (line) =>
      line.replace(line.trim(), () => translate(line.trim())),
    );
  }

  function translate(text: string): string {
    if (text.length > LONGEST) return text;
    const told = whole.get(text) ?? known.get(text);
    if (told !== undefined) return told;
    if (known.size >= KEPT) known.clear();
    const found = search(text);
    known.set(text, found);
    return found;
  }

  return translate;
}
