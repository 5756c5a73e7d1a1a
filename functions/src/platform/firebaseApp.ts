import { getApps, initializeApp } from "firebase-admin/app";

/**
 * This process' Firebase app, initialized at the first call. Not in the same file as Firestore's client, which takes
 * half a second to load and which most functions do without.
 */
export function firebaseApp() {
  return getApps()[0] ?? initializeApp();
}
