import { getApps, initializeApp } from "firebase-admin/app";
import { type Firestore, getFirestore } from "firebase-admin/firestore";
import { errorCode } from "./errorCode.ts";

/** This process' Firebase app, initialized at the first call. */
export function firebaseApp() {
  return getApps()[0] ?? initializeApp();
}

/** This process' Firestore client. */
export function firestore(): Firestore {
  return getFirestore(firebaseApp());
}

// gRPC's ALREADY_EXISTS.
const ALREADY_EXISTS = 6;

/** Whether Firestore refused to create a document because it is there. */
export function isAlreadyThere(error: unknown): boolean {
  return errorCode(error) === ALREADY_EXISTS;
}
