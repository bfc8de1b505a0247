/** Whose an access token is. The service checks tokens; the queue must not send with another's. */

import { isObject, parsed } from "./problem.js";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Whether the token says that it is another learner's. One that cannot be read says nothing. */
export function isAnothers(token: string, learner: string): boolean {
  const payload = parsed(base64UrlText(String(token).split(".")[1] || ""));
  const subject = isObject(payload) ? payload["sub"] : undefined;
  // A UUID is the same in capitals.
  return typeof subject === "string" && subject.toLowerCase() !== learner.toLowerCase();
}

/** The text of base64url; empty if it is none. Written out, since Hermes has neither `atob` nor `TextDecoder`. */
function base64UrlText(encoded: string): string {
  let escaped = "";
  let bits = 0;
  let count = 0;
  for (const digit of encoded.replace(/=+$/, "")) {
    const value = DIGITS.indexOf(digit);
    if (value < 0) return "";
    bits = ((bits << 6) | value) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    escaped += "%" + (((bits >> count) & 0xff) + 0x100).toString(16).slice(1);
  }
  try {
    return decodeURIComponent(escaped);
  } catch {
    return "";
  }
}
