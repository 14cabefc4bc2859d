// What was done, in a word or two; an action that is not here is shown by its code.

import { t } from "./words.js";

const TOLD = new Map([
  ["backup_created", t("Backup made")],
  ["backup_deleted", t("Backup deleted")],
  ["backup_downloaded", t("Backup downloaded")],
  ["connection_blocked", t("Connection kept out")],
  ["connection_declared", t("Connection declared")],
  ["connection_deleted", t("Connection deleted")],
  ["connection_kicked", t("Connection closed")],
  ["connection_updated", t("Connection changed")],
  ["conversation_assigned", t("Conversation assigned")],
  ["conversation_closed", t("Conversation closed")],
  ["conversation_created", t("Conversation begun")],
  ["conversation_reopened", t("Conversation reopened")],
  ["conversation_updated", t("Conversation changed")],
  ["events_exported", t("Events exported")],
  ["link_created", t("One-time link made")],
  ["location_created", t("Location made")],
  ["location_deleted", t("Location deleted")],
  ["location_updated", t("Location changed")],
  ["login_created", t("Session begun")],
  ["login_ended", t("Session ended")],
  ["message_deleted", t("Message deleted")],
  ["message_edited", t("Message edited")],
  ["password_removed", t("Password removed")],
  ["password_set", t("Password set")],
  ["sensor_created", t("Sensor made")],
  ["sensor_deleted", t("Sensor deleted")],
  ["sensor_updated", t("Sensor changed")],
  ["token_created", t("Token made")],
  ["token_revoked", t("Token revoked")],
  ["user_created", t("User made")],
  ["user_disabled", t("User disabled")],
  ["user_updated", t("User changed")],
]);

/** The action of an audit entry in the reader's language; undefined for one that has no words. */
export function deed(action) {
  return TOLD.get(action);
}
