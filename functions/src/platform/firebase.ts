import { getApps, initializeApp } from "firebase-admin/app";
import { type Firestore, getFirestore } from "firebase-admin/firestore";

/** This process' Firebase app, initialized at the first call. */
export function firebaseApp() {
  return getApps()[0] ?? initializeApp();
}

/** This process' Firestore client. */
export function firestore(): Firestore {
  return getFirestore(firebaseApp());
}
