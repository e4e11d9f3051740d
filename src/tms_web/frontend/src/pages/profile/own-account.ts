/** Changes of one's own account. */
import { ApiError, api, session, type User } from "tms/api";
import { t } from "tms/i18n";
import { users } from "tms/store";

/** Sends a PATCH and shows its result everywhere. */
export async function changeAccount<T extends User>(change: object): Promise<T> {
  const user = await withPasswordErrors(() => api.patch<T>("/api/users/me", change));
  session.user.value = user;
  users.put([user]);
  return user;
}

/** Turns the answers to a wrong current password into an error of its field. */
export async function withPasswordErrors<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const isWrong = error.status === 403 || (error.status === 400 && error.byField.current_password);
    if (!isWrong) throw error;
    const message = t("profile.wrongPassword");
    throw new ApiError(error.status, { errors: [{ in: "body", field: "current_password", message }] });
  }
}
