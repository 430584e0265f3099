import { selectedNodes } from "@/canvas/selection";
import { useTerm } from "@/language/terms";
import { useText } from "@/language/text";
import { Dialog } from "@/shell/Dialog";
import { nodeType, useServer } from "@/state/server";
import { currentGraph } from "@/state/tabs";
import { colourOf } from "@/types/compatible";
import { type InputType, labelOf } from "@/types/nodeType";

/** What the selected node's type does, takes and gives, as its author wrote it. */
export default function DocsDialog() {
  const t = useText();
  const term = useTerm();
  const id = currentGraph().nodes[selectedNodes()[0] ?? ""]?.node ?? "";
  const type = nodeType(id);
  if (!type)
    return (
      <Dialog title={id || t.docs}>
        <p>{id ? t.missingNode : t.docsNone}</p>
      </Dialog>
    );
  return (
    <Dialog title={term(type.display_name)} size="middle">
      <p className="docs-about quiet">
        <code>{type.id}</code>
        {type.category && <span>{term(type.category)}</span>}
        {type.plugin && <span>{t.fromPlugin(type.plugin)}</span>}
        {type.deprecated && <span>{t.deprecated}</span>}
      </p>
      {type.description.split(/\n\s*\n/).map((part) => (
        <p key={part}>{part}</p>
      ))}
      <Ports title={t.inputs} ports={type.inputs} />
      <Ports title={t.outputs} ports={type.outputs} />
    </Dialog>
  );
}

type Shown = { name: string; type: string; description?: string } & Partial<InputType>;

function Ports({ title, ports }: { title: string; ports: readonly Shown[] }) {
  const t = useText();
  const types = useServer((state) => state.types);
  if (ports.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <dl className="docs-ports">
        {ports.map((port) => (
          <div key={port.name}>
            <dt>
              <i style={{ background: colourOf(types, port.type) }} />
              {labelOf(port)}
              {port.label && <code>{port.name}</code>}
            </dt>
            <dd>
              {port.description && <span>{port.description}</span>}
              <small>
                {[port.type.replaceAll(",", ", "), ...limits(port, t.required)].join(" · ")}
              </small>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const MANY_CHOICES = 12;

/** What a value may be, in short. */
function limits({ required, default: usual, min, max, choices }: Shown, needed: string): string[] {
  const range = min !== undefined && max !== undefined ? [`${min} … ${max}`] : [];
  const some = choices && choices.length <= MANY_CHOICES ? [choices.join(", ")] : [];
  const given = usual === undefined || usual === null || usual === "" ? [] : [`= ${usual}`];
  return [...(required ? [needed] : []), ...given, ...range, ...some];
}
