/** One of a few values, all of which are visible. */
export interface ChoicesProps<T extends string> {
  legend: string;
  name: string;
  options: readonly { value: T; label: string; hint?: string }[];
  value: T;
  onPick: (value: T) => void;
}

export function Choices<T extends string>({ legend, name, options, value, onPick }: ChoicesProps<T>) {
  return (
    <fieldset class="profile__choices">
      <legend class="field__label">{legend}</legend>
      <div class="profile__options">
        {options.map((option) => (
          <label key={option.value} class="profile__choice">
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onPick(option.value)}
            />
            <span>
              {option.label}
              {option.hint && <span class="profile__hint number">{option.hint}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
