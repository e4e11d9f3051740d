import { t } from "tms/i18n";
import { Button, EmptyState } from "tms/ui";

/** In place of the tasks where filters or a search leave none. */
export function NoMatch({ onClear }: { onClear: () => void }) {
  return (
    <EmptyState icon="search" title={t("tasks.noMatch.title")} text={t("tasks.noMatch.text")}>
      <Button icon="x" onClick={onClear}>
        {t("tasks.clearFilters")}
      </Button>
    </EmptyState>
  );
}
