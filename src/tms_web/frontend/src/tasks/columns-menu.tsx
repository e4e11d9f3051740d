/** The menu that chooses and orders the columns. */
import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "tms/i18n";
import { announce } from "tms/module";
import { Button, Checkbox, IconButton, useFloating, useOutside } from "tms/ui";
import { COLUMNS, type Column, DEFAULT_COLUMNS, moveColumn } from "./columns.ts";

export interface ColumnsMenuProps {
  columns: readonly Column[];
  onChange: (columns: readonly Column[]) => void;
}

export function ColumnsMenu({ columns, onChange }: ColumnsMenuProps) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const popover = useRef<HTMLFieldSetElement>(null);
  const close = useCallback(() => setOpen(false), []);
  useFloating(button, popover, { isOpen, placement: "bottom-end" });
  useOutside(isOpen, [button, popover], close);
  useLayoutEffect(() => {
    if (isOpen) popover.current?.querySelector("input")?.focus({ preventScroll: true });
  }, [isOpen]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    setOpen(false);
    button.current?.focus();
  };
  const move = (column: Column, step: number) => {
    const next = moveColumn(columns, column, step);
    if (next.join() === columns.join()) return;
    onChange(next);
    announce(t("tasks.columns.moved", { column: t(`tasks.field.${column}`), place: next.indexOf(column) + 1 }));
  };
  const hidden = COLUMNS.filter((one) => !columns.includes(one));
  return (
    <span class="columns-menu">
      <Button
        size="small"
        icon="columns"
        buttonRef={button}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {t("tasks.columns")}
      </Button>
      {isOpen && (
        <fieldset class="popover columns-menu__popover" popover="manual" ref={popover} onKeyDown={onKeyDown}>
          <legend class="visually-hidden">{t("tasks.columns")}</legend>
          {columns.map((column, index) => (
            <ColumnRow
              key={column}
              {...{ column, move }}
              place={index}
              last={columns.length - 1}
              onToggle={() => onChange(columns.filter((one) => one !== column))}
            />
          ))}
          {columns.length > 0 && hidden.length > 0 && <hr class="option-separator" />}
          {hidden.map((column) => (
            <ColumnRow key={column} column={column} onToggle={() => onChange([...columns, column])} />
          ))}
          <div class="columns-menu__end">
            <Button
              size="small"
              variant="quiet"
              icon="undo"
              disabled={columns.join() === DEFAULT_COLUMNS.join()}
              onClick={() => {
                onChange(DEFAULT_COLUMNS);
                popover.current?.querySelector("input")?.focus();
              }}
            >
              {t("tasks.columns.reset")}
            </Button>
          </div>
        </fieldset>
      )}
    </span>
  );
}

interface ColumnRowProps {
  column: Column;
  onToggle: () => void;
  /** Of a column that is shown. */
  place?: number;
  last?: number;
  move?: (column: Column, step: number) => void;
}

const STEPS: Record<string, number> = { ArrowUp: -1, ArrowDown: 1 };

/** Alt and the arrow keys move the column, the arrow keys alone the focus. */
function ColumnRow({ column, onToggle, place = 0, last = 0, move }: ColumnRowProps) {
  const label = t(`tasks.field.${column}`);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.altKey) move?.(column, step);
    else {
      const row = event.currentTarget as HTMLElement;
      const rows = [...(row.parentElement?.querySelectorAll<HTMLElement>(".columns-menu__row") ?? [])];
      rows[rows.indexOf(row) + step]?.querySelector("input")?.focus();
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the controls inside
    <div class="columns-menu__row" data-column={column} onKeyDown={onKeyDown}>
      <Checkbox label={label} checked={move !== undefined} onToggle={onToggle} />
      {move && (
        <>
          <IconButton
            icon="arrowUp"
            size="small"
            label={t("tasks.columns.up", { column: label })}
            aria-disabled={place === 0}
            onClick={() => move(column, -1)}
          />
          <IconButton
            icon="arrowDown"
            size="small"
            label={t("tasks.columns.down", { column: label })}
            aria-disabled={place === last}
            onClick={() => move(column, 1)}
          />
        </>
      )}
    </div>
  );
}
