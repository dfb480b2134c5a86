import { useCompression } from 'h3-compression'

interface Application {
  readonly hooks: { hook(name: 'beforeResponse', listener: typeof useCompression): unknown }
}

export default function compress({ hooks }: Application): void {
  hooks.hook('beforeResponse', useCompression)
}
