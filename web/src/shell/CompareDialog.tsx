import { fileUrl } from "@/api/client";
import { Changes } from "@/diff/Changes";
import { useText } from "@/language/text";
import { viewer } from "@/results/viewer";
import { Dialog } from "@/shell/Dialog";
import { Icon } from "@/shell/Icon";
import { Tool } from "@/shell/Tool";
import { usePanels } from "@/state/panels";

/** Two documents: their pictures and what differs. */
export default function CompareDialog() {
  const t = useText();
  const compared = usePanels((state) => state.compared);
  if (!compared) return null;
  const pictures = compared.flatMap(({ picture }) => (picture ? [picture] : []));
  const [left, right] = compared;
  return (
    <Dialog title={t.changes} size="full">
      <div className="compared">
        {compared.map(({ title, picture }, index) => (
          <figure key={index}>
            {index === 1 && <Icon name="right" />}
            {picture && (
              <button
                type="button"
                aria-label={`${t.fullscreen}: ${picture.path}`}
                onClick={() => viewer.open(pictures, pictures.indexOf(picture), "slider")}
              >
                <img src={fileUrl(picture, 256)} alt={picture.path} />
              </button>
            )}
            <figcaption>{title}</figcaption>
          </figure>
        ))}
        <Tool
          icon="swap"
          label={t.swap}
          onClick={() => usePanels.setState({ compared: [right, left] })}
        />
      </div>
      <Changes before={left.document} after={right.document} names={[left.title, right.title]} />
    </Dialog>
  );
}
