import { useText } from "@/language/text";
import { Dialog } from "@/shell/Dialog";
import { type Language, type Theme, useSettings } from "@/state/settings";

export function SettingsDialog() {
  const t = useText();
  const settings = useSettings();
  const themes: Theme[] = ["system", "light", "dark"];
  const languages: [Language, string][] = [
    ["en", "English"],
    ["zh", "中文"],
  ];
  const switches = ["dragSelects", "scrollPans", "snap", "minimap", "runOnChange"] as const;
  return (
    <Dialog title={t.settings}>
      <div className="settings">
        <div className="setting">
          <span>{t.theme}</span>
          <div className="switcher" role="group" aria-label={t.theme}>
            {themes.map((theme) => (
              <button
                type="button"
                key={theme}
                aria-pressed={settings.theme === theme}
                onClick={() => settings.set({ theme })}
              >
                {t[theme]}
              </button>
            ))}
          </div>
        </div>
        <div className="setting">
          <span>{t.language}</span>
          <div className="switcher" role="group" aria-label={t.language}>
            {languages.map(([language, name]) => (
              <button
                type="button"
                key={language}
                lang={language}
                aria-pressed={settings.language === language}
                onClick={() => settings.set({ language })}
              >
                {name}
              </button>
            ))}
          </div>
        </div>
        {switches.map((name) => (
          <label className="setting" key={name}>
            {t[name]}
            <input
              type="checkbox"
              className="switch"
              checked={settings[name]}
              onChange={(event) => settings.set({ [name]: event.target.checked })}
            />
          </label>
        ))}
      </div>
    </Dialog>
  );
}
