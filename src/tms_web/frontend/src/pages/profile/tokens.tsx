import { useRef, useState } from "preact/hooks";
import { type ApiToken, type ApiTokens, api, errorText } from "tms/api";
import { formatDateTime, t } from "tms/i18n";
import { announce } from "tms/module";
import { Button, confirm, EmptyState, ErrorState, Icon, RelativeTime, SkeletonRows, toast } from "tms/ui";
import { NewToken } from "./new-token.tsx";
import { scopeName } from "./scopes.ts";
import { Section } from "./section.tsx";
import { useLoaded } from "./use-loaded.ts";

/** Personal API tokens: what scripts use in place of a sign-in. */
export default function Tokens() {
  const { data, error, reload, show } = useLoaded(async () => (await api.get<ApiTokens>("/api/api-tokens")).results);
  const [isCreating, setCreating] = useState(false);
  const heading = useRef<HTMLDivElement>(null);
  const revoke = async (token: ApiToken) => {
    const question = {
      title: t("profile.tokens.revokeTitle", { name: token.name }),
      text: t("profile.tokens.revokeText"),
      action: t("profile.tokens.revoke"),
      isDanger: true,
    };
    if (!data || !(await confirm(question))) return;
    show(data.filter((one) => one !== token));
    heading.current?.focus();
    try {
      await api.delete(`/api/api-tokens/${token.id}`);
      announce(t("profile.tokens.revoked", { name: token.name }));
    } catch (cause) {
      toast(errorText(cause), { tone: "error" });
      await reload();
    }
  };
  const create = (
    <Button variant="primary" icon="plus" onClick={() => setCreating(true)}>
      {t("profile.tokens.create")}
    </Button>
  );
  return (
    <Section title={t("profile.tokens.title")} text={data?.length ? t("profile.tokens.text") : undefined}>
      {/* Takes the focus when a row has gone. */}
      <div ref={heading} tabIndex={-1} class="profile__anchor">
        {data?.length ? (
          <ul class="profile__list">
            {data.map((one) => (
              <Row key={one.id} token={one} onRevoke={() => void revoke(one)} />
            ))}
          </ul>
        ) : data ? (
          <EmptyState icon="key" title={t("profile.tokens.none")} text={t("profile.tokens.text")}>
            {create}
          </EmptyState>
        ) : error ? (
          <ErrorState error={error} onRetry={() => void reload()} />
        ) : (
          <SkeletonRows count={2} />
        )}
      </div>
      {!!data?.length && <div class="row">{create}</div>}
      {isCreating && <NewToken onClose={() => setCreating(false)} onCreated={() => void reload()} />}
    </Section>
  );
}

function Row({ token, onRevoke }: { token: ApiToken; onRevoke: () => void }) {
  const isExpired = token.expires_at !== null && Date.parse(token.expires_at) <= Date.now();
  return (
    <li class="profile__row">
      <Icon name="key" />
      <div class="profile__row-text">
        <strong>
          {token.name}
          {isExpired && <span class="profile__mark profile__mark--warning">{t("profile.tokens.expired")}</span>}
        </strong>
        <span class="muted">
          <code>{token.hint}…</code> · {token.scopes.map(scopeName).join(", ")}
        </span>
        <span class="muted">
          {token.last_used_at ? (
            <>
              {t("profile.tokens.lastUsed")} <RelativeTime at={token.last_used_at} />
            </>
          ) : (
            t("profile.tokens.neverUsed")
          )}
          {" · "}
          {token.expires_at
            ? t("profile.tokens.until", { time: formatDateTime(token.expires_at) })
            : t("profile.tokens.forever")}
        </span>
      </div>
      <Button size="small" aria-label={`${t("profile.tokens.revoke")}: ${token.name}`} onClick={onRevoke}>
        {t("profile.tokens.revoke")}
      </Button>
    </li>
  );
}
