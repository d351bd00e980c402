// Contracts as an OpenAPI 3.1 description, for whoever writes another client.

import { z } from 'zod'
import type { Contract, Route } from './contract.ts'

const PROBLEM = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: { code: { type: 'string' }, reference: { type: 'string' }, details: {} },
      required: ['code', 'reference'],
    },
  },
  required: ['error'],
} as const

/** One description of all of a program's rooms. */
export function openApiOf(title: string, rooms: Readonly<Record<string, Contract>>): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const [room, routes] of Object.entries(rooms))
    for (const [name, route] of Object.entries(routes)) {
      const path = route.path.replace(/:(\w+)/g, '{$1}')
      paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(room, name, route) }
    }
  return { openapi: '3.1.0', info: { title, version: '1' }, paths }
}

function operationOf(room: string, name: string, route: Route): object {
  return {
    operationId: `${room}.${name}`,
    tags: [room],
    'x-act': route.act,
    'x-audit': route.audit,
    parameters: [...parametersOf('path', route.params), ...parametersOf('query', route.query)],
    ...(route.body && { requestBody: { required: true, content: json(schemaOf(route.body, 'input')) } }),
    responses: {
      ...(route.answer
        ? { 200: { description: 'done', content: json(schemaOf(route.answer, 'input')) } }
        : { 204: { description: 'done' } }),
      ...refusalsOf(route),
    },
  }
}

function refusalsOf({ refusals }: Route): object {
  const byStatus = Map.groupBy(Object.entries(refusals), ([, status]) => status)
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      { description: group.map(([name]) => name).join(', '), content: json(PROBLEM) },
    ]),
  )
}

function parametersOf(where: 'path' | 'query', shape: z.ZodType | undefined): object[] {
  if (shape === undefined) return []
  const { properties = {}, required = [] } = schemaOf(shape, 'input') as {
    properties?: Record<string, object>
    required?: string[]
  }
  return Object.entries(properties).map(([name, schema]) => ({
    ...{ name, in: where, schema },
    required: where === 'path' || required.includes(name),
  }))
}

function schemaOf(shape: z.ZodType, io: 'input' | 'output'): object {
  return z.toJSONSchema(shape, { io, unrepresentable: 'any' })
}

function json(schema: object): object {
  return { 'application/json': { schema } }
}
