import { t } from "tms/i18n";
import { Button, Menu } from "tms/ui";
import { GROUPS, type Group } from "./groups.ts";

/** What the columns are. */
export function GroupMenu({ group, onChoose }: { group: Group; onChoose: (group: Group) => void }) {
  const names: Record<Group, string> = {
    status: t("tasks.field.status"),
    priority: t("tasks.field.priority"),
    assignee: t("tasks.field.assigned_to"),
  };
  return (
    <Menu
      label={t("board.group")}
      placement="bottom-end"
      items={GROUPS.map((id) => ({ id, label: names[id], checked: id === group, run: () => onChoose(id) }))}
      trigger={(props) => (
        <Button size="small" icon="columns" {...props}>
          {`${t("board.group")}: ${names[group]}`}
        </Button>
      )}
    />
  );
}
