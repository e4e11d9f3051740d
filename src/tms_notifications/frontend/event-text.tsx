/** The sentences of a notification. */
import { t } from "tms/i18n";
import { nameOf, users } from "tms/store";
import { partsOf, type Sentence, sentencesOf, shortSentenceOf } from "./sentences.ts";

type Notified = Parameters<typeof sentencesOf>[0];

/** Further changes are in the task's history. */
const MAX_SHOWN = 4;

/** `isShort`: in one sentence, which counts the changes where there are several. */
export function EventText({ notification, isShort }: { notification: Notified; isShort?: boolean }) {
  const [first, ...more] = isShort ? [shortSentenceOf(notification, userName)] : sentencesOf(notification, userName);
  return (
    <>
      <p class="notification__sentence">{first && <Parts sentence={first} />}</p>
      {more.length > 0 && (
        <ul class="notification__changes">
          {more.slice(0, MAX_SHOWN).map((sentence, index) => (
            <li key={index}>
              <Parts sentence={sentence} />
            </li>
          ))}
          {more.length > MAX_SHOWN && <li>{t("notifications.moreChanges", { count: more.length - MAX_SHOWN })}</li>}
        </ul>
      )}
    </>
  );
}

function Parts({ sentence }: { sentence: Sentence }) {
  return partsOf(sentence).map(({ text, isValue }, index) =>
    isValue ? (
      <bdi key={index} class="notification__value">
        {text}
      </bdi>
    ) : (
      text
    ),
  );
}

export function userName(id: number): string | undefined {
  const user = users.get(id);
  return user && nameOf(user);
}
