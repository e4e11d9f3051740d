import { t } from "tms/i18n";
import { GROUPINGS, type Grouping } from "tms/tasks";
import { Button, Menu } from "tms/ui";

export interface GroupMenuProps {
  group: Grouping | null;
  onChange: (group: Grouping | null) => void;
}

/** The field by whose values the list is grouped, or none. */
export function GroupMenu({ group, onChange }: GroupMenuProps) {
  return (
    <Menu
      label={t("tasks.group")}
      placement="bottom-end"
      items={[null, ...GROUPINGS].map((one) => ({
        id: one ?? "none",
        label: t(`tasks.group.${one ?? "none"}`),
        checked: one === group,
        run: () => onChange(one),
      }))}
      trigger={(props) => (
        <Button size="small" icon="list" {...props}>
          {group ? `${t("tasks.group")}: ${t(`tasks.group.${group}`)}` : t("tasks.group")}
        </Button>
      )}
    />
  );
}
