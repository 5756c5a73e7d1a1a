import { type Firestore, getFirestore } from "firebase-admin/firestore";
import { firebaseApp } from "./firebaseApp.ts";

/** This process' Firestore client. */
export function firestore(): Firestore {
  return getFirestore(firebaseApp());
}
