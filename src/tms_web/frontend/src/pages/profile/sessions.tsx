import { api, errorText, type Session, type Sessions } from "tms/api";
import { formatDateTime, t } from "tms/i18n";
import { announce } from "tms/module";
import { Button, ErrorState, Icon, RelativeTime, SkeletonRows, toast } from "tms/ui";
import { signOut, signOutEverywhere } from "../../shell/start.ts";
import { deviceOf } from "./device.ts";
import { Section } from "./section.tsx";
import { useLoaded } from "./use-loaded.ts";

/** Where the user is signed in; each session can be ended. */
export default function SessionsSection() {
  const { data, error, reload, show } = useLoaded(async () => (await api.get<Sessions>("/api/sessions")).results);
  const end = async (ended: Session) => {
    if (!data) return;
    show(data.filter((one) => one !== ended));
    try {
      await api.delete(`/api/sessions/${ended.id}`);
      announce(t("profile.sessions.ended", { device: nameOf(ended) }));
    } catch (cause) {
      toast(errorText(cause), { tone: "error" });
      await reload();
    }
  };
  return (
    <Section title={t("profile.sessions.title")} text={t("profile.sessions.text")}>
      {data ? (
        <ul class="profile__list">
          {inOrder(data).map((one) => (
            <Row key={one.id} session={one} onEnd={() => (one.current ? signOut() : void end(one))} />
          ))}
        </ul>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void reload()} />
      ) : (
        <SkeletonRows count={3} />
      )}
      <div class="row">
        <Button variant="danger" icon="signOut" onClick={() => void signOutEverywhere()}>
          {t("ui.signOutEverywhere")}
        </Button>
      </div>
    </Section>
  );
}

function Row({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const device = nameOf(session);
  const action = session.current ? t("ui.signOut") : t("profile.sessions.end");
  return (
    <li class="profile__row">
      <Icon name="monitor" />
      <div class="profile__row-text">
        <strong>
          {device}
          {session.current && <span class="profile__mark profile__mark--good">{t("profile.sessions.this")}</span>}
        </strong>
        <span class="muted">
          {session.client.address && <>{session.client.address} · </>}
          {t("profile.sessions.lastUsed")} <RelativeTime at={session.last_used_at} />
        </span>
        <span class="muted">{t("profile.sessions.since", { time: formatDateTime(session.created_at) })}</span>
      </div>
      <Button size="small" aria-label={`${action}: ${device}`} onClick={onEnd}>
        {action}
      </Button>
    </li>
  );
}

function nameOf({ client }: Session): string {
  const { browser, system } = deviceOf(client.user_agent);
  if (browser && system) return t("profile.sessions.device", { browser, system });
  return browser ?? system ?? t("profile.sessions.unknown");
}

/** This one first, then the latest. */
function inOrder(sessions: readonly Session[]): Session[] {
  return [...sessions].sort(
    (one, other) => Number(other.current) - Number(one.current) || other.last_used_at.localeCompare(one.last_used_at),
  );
}
