import { Icon, type IconName } from "@/shell/Icon";

type Props = {
  icon: IconName;
  label: string;
  keys?: string | undefined;
  onClick(): void;
  pressed?: boolean;
  disabled?: boolean;
};

/** A button that is an icon; its name and keys are its tooltip. */
export function Tool({ icon, label, keys, onClick, pressed, disabled }: Props) {
  return (
    <button
      type="button"
      className="tool"
      aria-label={label}
      title={keys ? `${label}  ${keys}` : label}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
