// Something that was asked for by a button, and what is said when it cannot be.

import { toast } from "../components/toasts.js";
import { Refused } from "../place.js";
import { t } from "../words.js";

/** Do it; `said`, where given, is said when it is done. What was refused is said, too. Whether it was done. */
export async function attempt(work, said) {
  try {
    await work();
    if (said) toast(said);
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(error.status === 0 ? t("The server could not be reached. Nothing is lost: try again.") : error.message, { kind: "error", seconds: 12 });
    return false;
  }
}
