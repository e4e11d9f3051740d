/** The frame of a page with tasks: a heading with tools, the content, and the panel of the open task beside it. */
import type { ComponentChildren } from "preact";
import { PanelSlot, usePanelWhenIdle } from "./panel-slot.tsx";

export interface TasksFrameProps {
  /** The page's name, as in the class `tasks--board`. */
  name: string;
  heading: string;
  /** Directly behind the heading, as the saved views. */
  views?: ComponentChildren;
  /** At the end of the heading's line, as the search box. */
  tools?: ComponentChildren;
  children: ComponentChildren;
  /** The open task. */
  openId: number | null;
  onClosePanel: () => void;
}

export function TasksFrame({ name, heading, views, tools, children, openId, onClosePanel }: TasksFrameProps) {
  usePanelWhenIdle();
  return (
    <div class={`tasks tasks--${name}`} data-panel={openId !== null}>
      <section class="tasks__main" aria-labelledby="tasks-heading">
        <header class="tasks__head">
          <h1 id="tasks-heading" tabIndex={-1}>
            {heading}
          </h1>
          {views}
          {tools}
        </header>
        {children}
      </section>
      {openId !== null && <PanelSlot id={openId} onClose={onClosePanel} />}
    </div>
  );
}
