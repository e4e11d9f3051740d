/** Icons on a grid of 16, drawn with one stroke. They are decoration: the name is that of the control. */
const PATHS = {
  alert: "M8 5.5v3M8 11h.01M7 2.6 1.8 11.7a1.2 1.2 0 0 0 1 1.8h10.4a1.2 1.2 0 0 0 1-1.8L9 2.6a1.2 1.2 0 0 0-2 0Z",
  archive: "M2 3h12v3H2zM3 6v7h10V6M6.5 9h3",
  arrowDown: "M8 3v10M4 9l4 4 4-4",
  arrowUp: "M8 13V3M4 7l4-4 4 4",
  bell: "M4 7a4 4 0 0 1 8 0c0 4 1.5 4.5 1.5 4.5h-11S4 11 4 7ZM6.5 13.8a1.8 1.8 0 0 0 3 0",
  board: "M2.5 3h3v10h-3zM6.5 3h3v6h-3zM10.5 3h3v8h-3z",
  calendar: "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2v3M10.5 2v3",
  chart: "M2.5 13.5h11M4.5 11V8M8 11V3.5M11.5 11V6",
  check: "m3 8.5 3.2 3.2L13 4.8",
  chevronDown: "m4 6 4 4 4-4",
  chevronLeft: "M10 4 6 8l4 4",
  chevronRight: "m6 4 4 4-4 4",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.8V8l2.2 1.4",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  command:
    "M6 6h4v4H6zM6 6H4.5A1.5 1.5 0 1 1 6 4.500zM10 6V4.500A1.5 1.5 0 1 1 11.5 6zM10 10h1.500A1.5 1.5 0 1 1 10 11.500zM6 10v1.500A1.5 1.5 0 1 1 4.5 10z",
  copy: "M5.5 5.500h8v8h-8zM10.5 5.500v-3h-8v8h3",
  download: "M8 2.500v8M4.5 7.5 8 11l3.5-3.500M2.5 13.500h11",
  drag: "M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01",
  edit: "m10.5 3 2.5 2.500L5.5 13 2.5 13.5 3 10.500zM9 4.5 11.5 7",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  filter: "M2 4h12M4.5 8h7M6.5 12h3",
  flag: "M3.5 14V2.500M3.5 3h8.500l-1.8 3L12 9H3.5",
  globe: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM2 8h12M8 2c2 2 2.5 4 2.5 6S10 12 8 14M8 2C6 4 5.5 6 5.5 8S6 12 8 14",
  inbox: "M2 9h3.500L6.5 11h3l1-2H14M2 9l2-6h8l2 6v4H2z",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.500V11M8 5h.01",
  key: "M10 9a3.5 3.5 0 1 0-3.4-2.600L2.5 10.500v3h3v-2h2v-2l.4-.6A3.5 3.5 0 0 0 10 9ZM11 5h.01",
  keyboard: "M1.5 4h13v8h-13zM4 6.500h.01M6.7 6.500h.01M9.3 6.500h.01M12 6.500h.01M5 9.500h6",
  link: "M6.5 9.500a2.5 2.5 0 0 0 3.6 0l2.4-2.400a2.5 2.5 0 0 0-3.6-3.600l-.9.900M9.5 6.500a2.5 2.5 0 0 0-3.6 0L3.5 8.900a2.5 2.5 0 0 0 3.6 3.600l.9-.900",
  list: "M5.5 4H14M5.5 8H14M5.5 12H14M2.5 4h.01M2.5 8h.01M2.5 12h.01",
  mail: "M2 3.500h12v9H2zM2 4.5 8 9l6-4.5",
  menu: "M2.5 4.500h11M2.5 8h11M2.5 11.500h11",
  monitor: "M2 3h12v8H2zM6 13.500h4M8 11v2.5",
  moon: "M13.5 9.500A6 6 0 0 1 6.5 2.500a6 6 0 1 0 7 7Z",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  myTasks: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM5.3 8.200l1.9 1.9 3.5-3.8",
  plus: "M8 3v10M3 8h10",
  print: "M4.5 6V2.500h7V6M4.5 11.500h-2V6h11v5.500h-2M4.5 9.500h7v4h-7z",
  refresh: "M13.5 8a5.5 5.5 0 1 1-1.8-4.100L13.5 5.500M13.5 2.500v3h-3",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14",
  settings:
    "M2 4.500h6M11 4.500h3M2 11.500h3M8 11.500h6M9.5 6a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM6.5 13a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3Z",
  shield: "M8 2 3 4v4c0 3 2.2 5 5 6 2.8-1 5-3 5-6V4z",
  signOut: "M6 13.500H2.500v-11H6M10 11l3-3-3-3M13 8H6",
  sort: "M5 3v10M2.5 10.5 5 13l2.5-2.500M11 13V3M8.5 5.5 11 3l2.5 2.5",
  star: "m8 2 1.8 3.8 4.2.5-3.1 2.9.8 4.100L8 11.300l-3.7 2 .8-4.100L2 6.300l4.2-.5z",
  sun: "M8 10.800a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.600ZM8 1.500v1M8 13.500v1M1.5 8h1M13.5 8h1M3.4 3.400l.7.7M11.9 11.900l.7.7M3.4 12.600l.7-.7M11.9 4.100l.7-.7",
  trash: "M2.5 4.500h11M6 4.500v-2h4v2M4 4.500l.6 9h6.800l.6-9M6.7 7v4M9.3 7v4",
  undo: "M5.5 9.5 2.5 6.500l3-3M2.5 6.500H10a3.5 3.5 0 0 1 0 7H7",
  user: "M8 8a2.8 2.8 0 1 0 0-5.600A2.8 2.8 0 0 0 8 8ZM2.8 13.800a5.3 5.3 0 0 1 10.4 0",
  users:
    "M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 13a4.6 4.6 0 0 1 9 0M10.5 3.200a2.5 2.5 0 0 1 0 4.600M12.5 9.500a4.5 4.5 0 0 1 2 3.5",
  offline:
    "M2 2l12 12M8 12.500h.01M5.5 10a3.5 3.5 0 0 1 3.3-.900M3.2 7.600a7 7 0 0 1 2.4-1.500M8.5 5.200a7 7 0 0 1 4.3 2.4",
  x: "m4 4 8 8M12 4l-8 8",
} as const;

export type IconName = keyof typeof PATHS;
export const ICON_NAMES = Object.keys(PATHS) as IconName[];

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
