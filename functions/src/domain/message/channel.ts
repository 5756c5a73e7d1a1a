import type { Message } from "./message.ts";

/** The kinds of channels. adapters/channels has a folder and a line for each. */
export const CHANNEL_TYPES = ["EMAIL", "SLACK"] as const;

/** Where a message goes, as far as sending needs it. */
export interface Channel {
  readonly type: (typeof CHANNEL_TYPES)[number];
  readonly destination: string;
  readonly secretId: string | null;
}

/**
 * The ids that parma-web gives to the secrets of its channels' tokens. They stand in a column that users' requests
 * fill, so a channel must not lead to any other secret. Secret Manager allows 255 characters.
 */
export const CHANNEL_SECRET_ID = /^parma-analytics-notification-channel-key-[\w-]{1,200}$/;

export interface SendOptions {
  /** Names the delivery to the provider. */
  readonly deliveryId: string;
  readonly now: Date;
  /** Awaited right before the provider is given the message. Where it throws, nothing was sent. */
  readonly beforeHandingOver: () => Promise<void>;
  /** What earlier attempts uploaded. Without it, everything is uploaded. */
  readonly uploads?: Uploads | undefined;
  /** How long the provider may be silent, where its usual time is not meant. */
  readonly timeoutMs?: number | undefined;
}

/** The files that a delivery has at its provider. */
export interface Uploads {
  /** The provider's file ids by the SHA-256 of the file, in hexadecimal. */
  readonly known: Readonly<Record<string, string>>;
  readonly remember: (sha256: string, fileId: string) => Promise<void>;
}

/** A message that the provider took. */
interface Sent {
  /** Message-ID of an email; channel and timestamp of a Slack message, e.g. `C0123456789:1700000000.000100`. */
  readonly providerId: string | null;
  /** What did not go as it should, and did not matter enough to stop the message. */
  readonly notes: readonly string[];
}

/**
 * Sends a message to a channel.
 *
 * @throws DeliveryError with the provider's reason; any other error is a mistake in the configuration or in here, or
 *   what `beforeHandingOver` threw. Only where the error's kind is "unclear" may the message have been sent.
 */
export type Send = (channel: Channel, message: Message, options: SendOptions) => Promise<Sent>;
