export { Stream, Subscribe, type NestHandler, type NestStreamOptions } from './stream.ts'
export { HeartlineModule } from './module.ts'
