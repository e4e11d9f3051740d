import type { ComponentChildren } from "preact";

export interface SectionProps {
  title: string;
  text?: ComponentChildren;
  children: ComponentChildren;
}

/** A section of the profile: its heading, what it is for, and its content. */
export function Section({ title, text, children }: SectionProps) {
  return (
    <section class="card stack profile__section">
      <div class="profile__intro">
        <h2 tabIndex={-1}>{title}</h2>
        {text && <p class="muted">{text}</p>}
      </div>
      {children}
    </section>
  );
}
