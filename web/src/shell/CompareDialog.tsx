import { fileUrl } from "@/api/client";
import { Changes } from "@/diff/Changes";
import { useText } from "@/language/text";
import { viewer } from "@/results/viewer";
import { Dialog } from "@/shell/Dialog";
import { usePanels } from "@/state/panels";

/** Two documents side by side: their pictures and what differs. */
export default function CompareDialog() {
  const t = useText();
  const compared = usePanels((state) => state.compared);
  if (!compared) return null;
  const pictures = compared.flatMap(({ picture }) => (picture ? [picture] : []));
  const [left, right] = compared;
  return (
    <Dialog title={t.changes} wide>
      <div className="compared">
        {compared.map(({ title, picture }, index) => (
          <figure key={index}>
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
      </div>
      <Changes before={left.document} after={right.document} />
    </Dialog>
  );
}
