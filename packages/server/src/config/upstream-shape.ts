import { z } from 'zod'
import { about } from './kinds.ts'

type OptionalText = z.ZodOptional<z.ZodString>

const text = z.string().min(1)

/** The settings of a hub that serves the log of another. */
export const upstreamShape: z.ZodObject<
  { url: OptionalText; token: OptionalText; tokenFile: OptionalText },
  z.core.$strict
> = z.strictObject({
  url: text.optional().meta(
    about({
      kind: 'string',
      flag: '--upstream',
      placeholder: 'url',
      description:
        'Serve the log of another hub: short for `store: relay:URL`. Retention is set there.',
    }),
  ),
  token: text.optional().meta(
    about({
      kind: 'string',
      secret: true,
      description:
        'Token with `"admin": true` for the upstream. Prefer `upstream.tokenFile`: other users of the machine can see flags.',
    }),
  ),
  tokenFile: text
    .optional()
    .meta(about({ kind: 'string', description: 'File with the token for the upstream.' })),
})
