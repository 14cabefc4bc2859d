// The roles that a user or a token can have.

import { t } from "../words.js";

export const ROLES = ["viewer", "agent", "device", "admin"];

const MEANINGS = {
  viewer: t("Reads everything but the audit log, connections, users and tokens."),
  agent: t("Reads what a viewer does and the audit log; works at the support desk and on sensors, publishes."),
  device: t("Sends readings, anomalies and predictions, and reads the channels of its token."),
  admin: t("May do everything."),
};

/** What a role may do, in a sentence. */
export function meaning(role) {
  return MEANINGS[role];
}
