import { openRelayBroker } from '@heartline/broker-relay'

export async function append(token: string): Promise<void> {
  // #region relay
  const broker = await openRelayBroker({ url: 'http://10.0.0.1:8420', token })
  await broker.append([{ topics: ['news'], data: 'hello' }])
  await broker.close()
  // #endregion
}
