/** What the signed-in user may do with a task; the server decides, this only shows it. */
import type { Task, User } from "tms/api";

export interface Rights {
  mayChange: boolean;
  mayDelete: boolean;
}

export function rightsOf(task: Task, user: User | null): Rights {
  const mayDelete = user !== null && (user.is_admin || task.created_by === user.id);
  return { mayDelete, mayChange: mayDelete || (user !== null && task.assigned_to === user.id) };
}
