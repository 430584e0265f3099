import { Suspense, useEffect, useRef, useState } from "react";
import { ApiError, api } from "@/api/client";
import { later } from "@/api/parts";
import { ChoiceField } from "@/inputs/ChoiceField";
import { useText } from "@/language/text";
import { madeOf } from "@/results/dragging";
import { Icon } from "@/shell/Icon";
import { say } from "@/state/panels";
import { useServer } from "@/state/server";

const MaskPainter = later(() => import("@/inputs/MaskPainter"));

type Props = {
  value: string;
  choices: readonly string[];
  label: string;
  onChange(value: string): void;
};

export function inputUrl(name: string): string {
  return `api/v1/files/input/${name.split("/").map(encodeURIComponent).join("/")}`;
}

type Thumbnail = { name: string; etag: string; source: string };

/** A small picture of an input file, fetched anew where a look at the files finds another content. */
function useThumbnail(name: string): { source: string | undefined; gone: boolean } {
  const looked = useServer((state) => state.looked);
  const [shown, setShown] = useState<Thumbnail>();
  const [gone, setGone] = useState<string>();
  const last = useRef<Thumbnail>(undefined);
  useEffect(() => {
    if (name === "") return;
    let current = true;
    api.thumbnail(name).then(
      ({ etag, picture }) => {
        if (!current) return;
        setGone(undefined);
        if (last.current?.name === name && last.current.etag === etag) return;
        last.current = { name, etag, source: URL.createObjectURL(picture) };
        setShown(last.current);
      },
      (error: Error) => {
        if (current && error instanceof ApiError && error.status) setGone(name);
      },
    );
    return () => {
      current = false;
    };
  }, [name, looked]);
  const source = shown?.source;
  useEffect(() => () => URL.revokeObjectURL(source ?? ""), [source]);
  return { source: shown?.name === name ? source : undefined, gone: gone === name };
}

/** A picture from the input folder: chosen, dropped, pasted, or painted on. */
export function PictureField({ value, choices, label, onChange }: Props) {
  const t = useText();
  const picker = useRef<HTMLInputElement>(null);
  const [painting, setPainting] = useState(false);
  const { source, gone } = useThumbnail(value);
  /** Whether the file is there now; what the server has against it is told. */
  async function take(file: File | Blob | undefined, own = "picture.png"): Promise<boolean> {
    if (!file) return false;
    const name = file instanceof File ? file.name : own;
    try {
      const stored = await api.upload(file, name);
      await useServer.getState().loadTypes();
      onChange(stored.path);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      say(`${name}: ${error.message}`);
      return false;
    }
  }
  return (
    <div
      className="picture nodrag"
      role="group"
      aria-label={label}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        const file = event.dataTransfer.files[0];
        void madeOf(event).then((made) => take(made ?? file));
      }}
      onPaste={(event) => {
        const file = event.clipboardData.files[0];
        if (file) event.preventDefault();
        void take(file);
      }}
    >
      <ChoiceField value={value} choices={choices} label={label} onChange={onChange} />
      <button
        type="button"
        className="picture-well"
        aria-label={t.chooseFile}
        onClick={() => picker.current?.click()}
      >
        {value === "" ? (
          t.dropHere
        ) : gone ? (
          <span>{t.pictureUnread}</span>
        ) : (
          source && <img src={source} alt={value} draggable={false} />
        )}
      </button>
      <input
        ref={picker}
        type="file"
        accept="image/*"
        hidden
        onChange={({ target }) => {
          void take(target.files?.[0]);
          target.value = "";
        }}
      />
      {value && !gone && (
        <button type="button" className="button small" onClick={() => setPainting(true)}>
          <Icon name="brush" />
          {t.paintMask}
        </button>
      )}
      {painting && (
        <Suspense>
          <MaskPainter
            source={inputUrl(value)}
            onClose={() => setPainting(false)}
            onDone={async (picture) => {
              const stem = value.replace(/\.[^.]*$/, "").replace(/-mask.*$/, "");
              if (await take(picture, `${stem}-mask.png`)) setPainting(false);
            }}
          />
        </Suspense>
      )}
    </div>
  );
}
