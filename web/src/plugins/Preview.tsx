import { useEffect, useState } from "react";
import { fileUrl } from "@/api/client";
import type { Artifacts, StoredFile } from "@/api/shapes";
import PluginFrame from "@/plugins/PluginFrame";
import type { Show } from "@/plugins/protocol";

/** What a node made, as its plugin shows it. */
export default function Preview({
  module,
  label,
  made,
}: {
  module: string;
  label: string;
  made: Artifacts;
}) {
  const [pictures, setPictures] = useState<NonNullable<Show["pictures"]>>([]);
  useEffect(() => {
    let current = true;
    const read = async (file: StoredFile) => ({
      name: file.path,
      blob: await (await fetch(fileUrl(file))).blob(),
    });
    void Promise.all(made.files.map(read)).then((found) => current && setPictures(found));
    return () => {
      current = false;
    };
  }, [made.files]);
  return <PluginFrame module={module} label={label} show={{ text: made.text, pictures }} />;
}
