// The line to the partners: our listener for their orders, and the way our deliveries take to theirs.

import { createPinnedClient, type PinnedClient, type TlsIdentity } from '@scratchless/keys/pinned-client'
import { partnerListenerTls, partnerOf } from '@scratchless/office/http/partners'
import type { OutgoingMessage } from '@scratchless/office/outbox/outbox.sql'
import { createHttpServer } from '@scratchless/program/http/http-server'
import { centreId } from '@scratchless/voucher/ids'
import {
  INVALID_MESSAGE_ANSWER,
  RESTOCK_CONTENT_TYPE,
  RESTOCK_PATH,
  STRANGER_ANSWER,
} from '@scratchless/wire/restock/restock-http'
import { MAX_MESSAGE_BYTES } from '@scratchless/wire/restock/restock-messages'
import type { FastifyInstance } from 'fastify'
import { partnerTlsOf, type RestockPartnerSettings } from './partner-settings.ts'
import { type RestockOrderNeeds, receiveRestockOrder } from './receive-restock-order.ts'

/** A server that takes restock orders of partners; `onAnswered` is called after each answer. */
export function createRestockListener(
  needs: RestockOrderNeeds,
  own: TlsIdentity,
  partners: readonly RestockPartnerSettings[],
  onAnswered: () => void,
): FastifyInstance {
  const known = partners.map(partnerTlsOf)
  const { log, clock, random } = needs
  const bodyLimitBytes = Math.max(...Object.values(MAX_MESSAGE_BYTES))
  const app = createHttpServer({ log, clock, random, bodyLimitBytes, tls: partnerListenerTls(own, known) })
  app.post(RESTOCK_PATH, async (request, reply) => {
    const partner = partnerOf(request, known)
    if (partner === null) {
      void reply.status(STRANGER_ANSWER.status).type(STRANGER_ANSWER.contentType)
      return STRANGER_ANSWER.body
    }
    const { body } = request
    const isEmpty = !Buffer.isBuffer(body) || body.length === 0
    const answer = isEmpty ? null : await receiveRestockOrder(needs, centreId(partner), body)
    if (answer === null) {
      void reply.status(INVALID_MESSAGE_ANSWER.status).type(INVALID_MESSAGE_ANSWER.contentType)
      return INVALID_MESSAGE_ANSWER.body
    }
    reply.raw.once('finish', onAnswered)
    void reply.type(RESTOCK_CONTENT_TYPE)
    return Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength)
  })
  return app
}

interface PartnerLines {
  /** Posts a message of the outbox; throws where the answer is not a message. */
  send(message: OutgoingMessage): Promise<Uint8Array>
  close(): void
}

export function createPartnerLines(
  own: TlsIdentity,
  partners: readonly RestockPartnerSettings[],
): PartnerLines {
  const lines = new Map<string, { url: string; client: PinnedClient }>(
    partners.map((partner) => [
      partner.party,
      { url: partner.url, client: createPinnedClient(partnerTlsOf(partner), own) },
    ]),
  )
  return {
    async send({ partner, bytes }) {
      const line = lines.get(partner)
      if (line === undefined) throw new Error(`${partner} is no partner any more`)
      const { status, body } = await line.client.post({
        url: line.url,
        body: bytes,
        contentType: RESTOCK_CONTENT_TYPE,
      })
      if (status !== 200) throw new Error(`${partner} answered ${status}`)
      return body
    },
    close() {
      for (const { client } of lines.values()) client.close()
    },
  }
}
