/** The section of the profile: the user's own webhooks. */
import { session } from "tms/api";
import { t } from "tms/i18n";
import { WebhookManager } from "./webhook-manager.tsx";

export default function OwnWebhooks() {
  const me = session.user.value?.id;
  return (
    <section class="card stack webhooks">
      <div class="webhooks__intro">
        <h2 tabIndex={-1}>{t("webhooks.title")}</h2>
        <p class="muted">{t("webhooks.text")}</p>
      </div>
      <WebhookManager isShown={({ owner }) => owner.id === me} mayCreate />
    </section>
  );
}
