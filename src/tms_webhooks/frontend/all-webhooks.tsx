/** The section of the administration: the webhooks of all users. */
import { t } from "tms/i18n";
import { WebhookManager } from "./webhook-manager.tsx";

export default function AllWebhooks() {
  return (
    <div class="stack webhooks webhooks--all">
      <h2>{t("webhooks.all")}</h2>
      <WebhookManager isShown={() => true} isNamed />
    </div>
  );
}
