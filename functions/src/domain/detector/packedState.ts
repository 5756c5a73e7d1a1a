import { Packr } from "msgpackr";
import { z } from "zod";
import { type State, stateSchema } from "./state.ts";

// Plain objects, and numbers to the last digit.
const messagePack = new Packr({ useRecords: false });

// Its version says that it was written by this code. To look at each of its thousand numbers again takes longer than to
// judge by them.
const keptState = z.custom<State>((state) => versionOnly.safeParse(state).success);
const versionOnly = stateSchema.pick({ version: true });

/** A state as bytes, about 9 kB after a hundred points and 30 kB after thousands: MessagePack (msgpack.org). */
export function packState(state: State): Buffer {
  return messagePack.pack(state);
}

/** What {@link packState} was given; undefined where another version of the detector wrote it, or nothing was. */
export function unpackState(packed: Buffer): State | undefined {
  return packed.length === 0 ? undefined : keptState.safeParse(messagePack.unpack(packed)).data;
}
