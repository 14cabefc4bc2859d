// What the levers do. Forms and import are loaded when they are first wanted: most who look at sensors change none.

import { toast } from "../components/toasts.js";
import { t } from "../words.js";

const forms = (name) => later(() => import("./forms.js"), name);

/** Each as in its module; undefined where that could not be loaded, which is said. */
export const editSensor = forms("editSensor");
export const editLocation = forms("editLocation");
export const editAnomaly = forms("editAnomaly");
export const editPrediction = forms("editPrediction");
export const addReading = forms("addReading");
export const remove = forms("remove");
export const openImport = later(() => import("./import.js"), "openImport");

function later(load, name) {
  return async (...given) => {
    const module = await load().catch(() => null);
    if (module !== null) return module[name](...given);
    toast(t("The server could not be reached."), { kind: "error" });
    return undefined;
  };
}
