export { subscribe, type SubscribeOptions } from './client/subscribe.ts'
