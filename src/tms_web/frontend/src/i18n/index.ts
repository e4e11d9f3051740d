export {
  addMessages,
  hasMessage,
  type Language,
  language,
  loadCatalogue,
  type Messages,
  setLanguage,
  t,
} from "./catalogue.ts";
export {
  type AccountTimeZone,
  accountTimeZone,
  type DateFormat,
  dateFormat,
  formatDate,
  formatDateRange,
  formatDateTime,
  formatNumber,
  formatRelative,
  formatRelativeDay,
  type HourFormat,
  hourFormat,
  timeZone,
  today,
} from "./format.ts";
export { isolate } from "./isolate.ts";
