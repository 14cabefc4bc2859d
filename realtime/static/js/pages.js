// The pages of the site, in the order of the navigation.

import { t } from "./words.js";

/**
 * `name` is what a page calls itself in `openPage`, `path` its address below the site's root, `title` its heading in the
 * reader's language; `needs`, where given, an action without which it has nothing to show, so that it is not offered.
 */
export const PAGES = [
  { name: "overview", path: "", title: t("Overview") },
  { name: "conversations", path: "conversations", title: t("Conversations") },
  { name: "sensors", path: "sensors", title: t("Sensors") },
  { name: "connections", path: "connections", title: t("Connections"), needs: "roster" },
  { name: "events", path: "events", title: t("Events") },
  { name: "settings", path: "settings", title: t("Settings") },
];
