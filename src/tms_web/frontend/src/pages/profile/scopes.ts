import { hasMessage, t } from "tms/i18n";

/** What a scope allows; packages name theirs with messages `scope.NAME`. */
export function scopeName(scope: string): string {
  return hasMessage(`scope.${scope}`) ? t(`scope.${scope}`) : scope;
}
