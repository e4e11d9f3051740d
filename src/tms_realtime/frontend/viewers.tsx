/** The avatars of others who are looking at a task, beside its title. */
import { useEffect } from "preact/hooks";
import { isolate, language, t } from "tms/i18n";
import type { TaskPartProps } from "tms/module";
import { nameOf, users } from "tms/store";
import { Avatar } from "tms/ui";
import { presence } from "./presence.ts";

const MAX_SHOWN = 3;

export function Viewers({ taskId }: TaskPartProps) {
  useEffect(() => presence.show(taskId), [taskId]);
  const ids = presence.viewersOf(taskId).value;
  if (!ids.length) return null;
  const names = ids.map((id) => {
    const user = users.get(id);
    return user ? isolate(nameOf(user)) : t("realtime.someone");
  });
  const text = t("realtime.viewers", { count: ids.length, names: new Intl.ListFormat(language.value).format(names) });
  return (
    <span class="viewers" title={text}>
      {ids.slice(0, MAX_SHOWN).map((id) => (
        <Avatar key={id} user={users.get(id)} />
      ))}
      {ids.length > MAX_SHOWN && (
        <span class="viewers__more" aria-hidden="true">
          +{ids.length - MAX_SHOWN}
        </span>
      )}
      <span class="visually-hidden">{text}</span>
    </span>
  );
}
