/** The styles of all but the bell, which the first page needs. */
import styles from "styles:page.css";
import { linkStyles } from "tms/module";

/** Resolves to what `load` does, once the styles are there. */
export async function styled<T>(load: Promise<T>): Promise<T> {
  const [found] = await Promise.all([load, linkStyles(styles)]);
  return found;
}
