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
  formatDate,
  formatDateRange,
  formatDateTime,
  formatNumber,
  formatRelative,
  formatRelativeDay,
  timeZone,
  today,
} from "./format.ts";
