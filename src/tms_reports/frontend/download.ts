/** Saves files of the API. They need the access token, so a plain link would not do. */
import { api, errorText, type Params } from "tms/api";
import { toast } from "tms/ui";

/** Resolves when the file has been handed to the browser; an error is shown. */
export async function download(path: string, params: Params, name: string): Promise<void> {
  try {
    save(await api.download(path, params), name);
  } catch (error) {
    toast(errorText(error), { tone: "error" });
  }
}

function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
