/** What two channels have in common that lead to the same place: an address, or a Slack channel with or without "#". */
export function addressOf(channel: string): string {
  return `ltrim(lower(trim(${channel}.destination)), '#')`;
}

/**
 * A subquery: the users' channels. Of several with the same address only the newest counts: the web application makes
 * another one each time that its settings are sent, and cannot remove one, and nobody wants a message twice. A Slack
 * channel that was entered again has another token, and counts once something got through by it: until then the one
 * before does too. By the keys of notification_subscription, and delivery_channel_idx.
 */
export const USER_CHANNELS = `(
    select subscription.user_id, subscription.channel_id
      from notification_subscription subscription
      join notification_channel channel on channel.id = subscription.channel_id
     where not exists (
       select from notification_subscription another
         join notification_channel newer on newer.id = another.channel_id
        where another.user_id = subscription.user_id and newer.id > channel.id
          and newer.channel_type = channel.channel_type and ${addressOf("newer")} = ${addressOf("channel")}
          and (newer.channel_type = 'EMAIL' or exists (
            select from pipeline.delivery where delivery.channel_id = newer.id and delivery.state = 'SENT')))
  )`;
