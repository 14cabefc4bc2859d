// The words of the sensor system in the reader's language.

import { t } from "../words.js";

export const SEVERITIES = ["baja", "media", "alta", "critica"];
export const STATES = ["pendiente", "en_proceso", "completada", "fallida"];

/** The words for the severities of an anomaly. */
export function severityOf(severity) {
  return { baja: t("Low"), media: t("Medium"), alta: t("High"), critica: t("Critical") }[severity] ?? severity;
}

/** The words for the states of a prediction. */
export function stateOf(state) {
  return { pendiente: t("Waiting"), en_proceso: t("Running"), completada: t("Finished"), fallida: t("Failed") }[state] ?? state;
}
