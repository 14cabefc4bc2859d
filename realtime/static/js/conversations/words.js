// The words that this page has for what the server calls by one of its own.

import { t } from "../words.js";

export function statusWord(status) {
  if (status === "open") return t("Open");
  return status === "pending" ? t("Pending") : t("Closed");
}

export function senderWord(sender) {
  if (sender === "customer") return t("Customer");
  if (sender === "bot") return t("Bot");
  return sender === "system" ? t("System") : t("Agent");
}

export function typeWord(type) {
  if (type === "image") return t("Image");
  if (type === "audio") return t("Audio");
  if (type === "video") return t("Video");
  return type === "document" ? t("Document") : t("Text");
}

export function deliveryWord(status) {
  if (status === "read") return t("Read");
  return status === "delivered" ? t("Delivered") : t("Sent");
}

/** What a list shows of a message in one line. */
export function excerpt(message) {
  if (message === null) return t("No messages yet");
  if (message.deleted_at) return t("Message deleted");
  return message.message_type === "text" ? message.content : `${typeWord(message.message_type)}: ${message.content}`;
}

/** The reactions that are offered: `[emoji, what it is called]`. */
export function offered() {
  return [
    ["👍", t("Thumbs up")],
    ["❤️", t("Heart")],
    ["😄", t("Smile")],
    ["🎉", t("Celebration")],
    ["🙏", t("Thank you")],
    ["✅", t("Done")],
    ["👀", t("Looking into it")],
  ];
}
