// Where operators bring deliveries: HTTPS with their own certificates, one path, raw bytes in and out.

import type { TlsIdentity } from '@scratchless/keys/pinned-client'
import { type PartnerTls, partnerListenerTls, partnerOf } from '@scratchless/office/http/partners'
import { createHttpServer } from '@scratchless/program/http/http-server'
import { operatorId } from '@scratchless/voucher/ids'
import {
  INVALID_MESSAGE_ANSWER,
  RESTOCK_CONTENT_TYPE,
  RESTOCK_PATH,
  STRANGER_ANSWER,
} from '@scratchless/wire/restock/restock-http'
import { MAX_MESSAGE_BYTES } from '@scratchless/wire/restock/restock-messages'
import type { FastifyInstance } from 'fastify'
import type { CentreNeeds } from '../needs.ts'
import { receiveRestockMessage } from './receive-restock-message.ts'

export function createPartnerListener(needs: CentreNeeds, own: TlsIdentity): FastifyInstance {
  const { log, clock, random, settings } = needs
  const partners: PartnerTls[] = settings.partners.map(({ party, tlsAuthority, tlsPin }) => ({
    party,
    authorityPem: tlsAuthority,
    spkiSha256: tlsPin,
  }))
  const app = createHttpServer({
    ...{ log, clock, random },
    tls: partnerListenerTls(own, partners),
    bodyLimitBytes: MAX_MESSAGE_BYTES.RestockDelivery,
  })
  app.post(RESTOCK_PATH, async (request, reply) => {
    const partner = partnerOf(request, partners)
    const plain = ({ status, contentType, body }: typeof STRANGER_ANSWER) =>
      reply.status(status).type(contentType).send(body)
    if (partner === null) return plain(STRANGER_ANSWER)
    const bytes = request.body
    if (!Buffer.isBuffer(bytes) || bytes.length === 0) return plain(INVALID_MESSAGE_ANSWER)
    const answer = await receiveRestockMessage(needs, operatorId(partner), bytes)
    if (answer === 'invalid') return plain(INVALID_MESSAGE_ANSWER)
    if (answer === 'not-yet') return reply.status(503).type('text/plain').send('come again\n')
    return reply.type(RESTOCK_CONTENT_TYPE).send(answer.receipt)
  })
  return app
}
