/** Short names of the generated types (`npm run types`). */
import type { components } from "./schema.d.ts";

type Schemas = components["schemas"];
export type Task = Schemas["Task"];
export type NewTask = Schemas["NewTask"];
export type TaskChange = Schemas["TaskChange"];
export type TaskPage = Schemas["TaskPage"];
export type TaskCounts = Schemas["TaskCounts"];
export type Status = Schemas["Status"];
export type Priority = Schemas["Priority"];
export type PublicUser = Schemas["PublicUser"];
/** One's own account, or any account as administrators see it. */
export type User = Schemas["User"];
/** One's own account after a change; with the remaining API tokens after one of the password. */
export type ChangedUser = Schemas["ChangedUser"];
export type UserPage = Schemas["UserPage"];
/** An account in the list of administrators. */
export type ListedUser = Schemas["ListedUser"];
export type HistoryEvent = Schemas["HistoryEvent"];
export type FieldConflict = Schemas["FieldConflict"];
export type Report = Schemas["Report"];
export type ReportTrend = Schemas["TrendResponse"];
/** A task with the change that a number of the trend counts. */
export type ReportTrendTask = Schemas["TrendTask"];
export type ReportBurndown = Schemas["BurndownResponse"];
export type ReportCycleTime = Schemas["CycleTimeResponse"];
export type ReportCycleTimeTask = Schemas["CycleTimeTask"];
export type ReportDurations = Schemas["Durations"];
export type ReportWorkload = Schemas["WorkloadResponse"];
export type ReportAging = Schemas["AgingResponse"];
/** A report that is computed in the background. */
export type ReportJob = Schemas["Job"];
export type ReportJobs = Schemas["Jobs"];
/** A report that is mailed regularly. */
export type ReportSchedule = Schemas["Schedule"];
export type ReportSchedules = Schemas["Schedules"];
export type MailPreferences = Schemas["Preferences"];
export type SavedViews = Schemas["SavedViews"];
/** Changes since a position of the event log. */
export type TaskChanges = Schemas["Changes"];
export type Credentials = Schemas["WebCredentials"];
/** What signing out everywhere ends beside the sessions. */
export type RevokedAccess = Schemas["RevokedAccess"];
export type WebSession = Schemas["WebSession"];
type FirstAccountBody = Schemas["FirstAccount"];
export type FirstAccount = Omit<FirstAccountBody, "first_name" | "last_name"> &
  Partial<Pick<FirstAccountBody, "first_name" | "last_name">>;
export type ResetLink = Schemas["ResetLink"];
export type Setting = Schemas["Setting"];
export type Settings = Schemas["Settings"];
/** The state of the deployment. */
export type System = Schemas["System"];
export type SystemProcess = Schemas["Process"];
export type Finding = Schemas["Finding"];
export type Findings = Schemas["Findings"];
export type Mail = Schemas["Mail"];
export type MailPage = Schemas["Mails"];
export type MailStatus = Schemas["MailStatus"];
/** An event that concerns the user, in the inbox. */
export type InboxNotification = Schemas["InboxNotification"];
export type InboxPage = Schemas["Inbox"];
/** How many notifications were changed, and how many are unread now. */
export type ChangedNotifications = Schemas["Changed"];
/** An event that concerned a user, with the mail that it became. */
export type LedgerNotification = Schemas["LedgerNotification"];
export type LedgerPage = Schemas["Ledger"];
export type NotificationOutcome = Schemas["OutcomeKind"];
export type TaskMute = Schemas["Mute"];
export type MutedTasks = Schemas["MutedTasks"];
export type RetriedMails = Schemas["Retried"];
export type Session = Schemas["Session"];
export type Sessions = Schemas["Sessions"];
export type ApiTokens = Schemas["ApiTokens"];
export type ApiToken = Schemas["ApiToken"];
export type ShownApiToken = Schemas["ShownApiToken"];
export type SavedView = Schemas["SavedView"];
export type NewSavedView = Schemas["NewSavedView"];
export type SavedViewChange = Schemas["SavedViewChange"];
export type BulkOperation = Schemas["CreateOperation"] | Schemas["UpdateOperation"] | Schemas["DeleteOperation"];
export type BulkResults = Schemas["BulkResults"];

export const STATUSES: readonly Status[] = ["PENDING", "IN_PROGRESS", "COMPLETED", "ARCHIVED"];
export const PRIORITIES: readonly Priority[] = ["LOW", "MEDIUM", "HIGH", "URGENT"];
