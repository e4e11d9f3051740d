/** A text that the user is typing. Neither a live change of the task nor a reload of the page takes it away. */
import { useEffect, useRef, useState } from "preact/hooks";
import { keepDraft, readDraft } from "tms/store";

export interface Draft {
  /** What the field shows: the user's text, or else the present value. */
  text: string;
  isUnsaved: boolean;
  /** Whether the value was changed by somebody else since the user began to type. */
  isOvertaken: boolean;
  type: (text: string) => void;
  /** Saves the text, if it was changed. Also called when the field goes away. */
  commit: () => void;
}

interface Typed {
  text: string;
  /** The value and the version of the task when the user began. */
  base: string;
  version: number;
}

export interface DraftOptions {
  /** As "task/42/title". */
  name: string;
  value: string;
  version: number;
  /**
   * Saves; `version` is given if the value has changed since the user began, so that the server finds the conflict.
   * Resolves to whether the text is to be kept in the field.
   */
  save: (text: string, version: number | undefined) => Promise<boolean>;
  /** Texts that are not saved: the field then shows the present value again. */
  isValid?: (text: string) => boolean;
}

export function useDraft({ name, value, version, save, isValid = () => true }: DraftOptions): Draft {
  const [typed, setTyped] = useState(() => readDraft<Typed>(name));
  const latest = useRef({ typed, value, save, isValid });
  latest.current = { typed, value, save, isValid };

  const change = (next: Typed | null) => {
    // The blur that follows a key press may come before the next rendering.
    latest.current.typed = next;
    setTyped(next);
    keepDraft(name, next);
  };
  const commit = () => {
    const now = latest.current;
    const draft = now.typed;
    if (!draft) return;
    change(null);
    if (draft.text === now.value || draft.text === draft.base || !now.isValid(draft.text)) return;
    void now.save(draft.text, now.value === draft.base ? undefined : draft.version).then((isKept) => {
      if (isKept && !latest.current.typed) change(draft);
    });
  };
  useEffect(() => commit, []);

  return {
    text: typed?.text ?? value,
    isUnsaved: typed !== null && typed.text !== value,
    isOvertaken: typed !== null && typed.base !== value,
    type: (text) => change({ ...(latest.current.typed ?? { base: value, version }), text }),
    commit,
  };
}
