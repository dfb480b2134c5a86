import { defineNitroConfig } from 'nitro/config'

const config = defineNitroConfig({ compatibilityDate: '2026-11-01' })

// Nitro asks for a default export, of routes and of middleware too.
export { config as default }
